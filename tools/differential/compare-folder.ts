import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LineRunner, VectorFolder, VectorOutcome } from './outcome.ts';
import type { Runners } from './runners.ts';
import { type Summary, Tally } from './tally.ts';
import { VECTOR_FILES, type VectorPlace } from './vector-files.ts';

/** A folder on disk as runners see it. */
export function openFolder(root: string): VectorFolder {
  const names = readdirSync(root).sort();
  const isFolder = (name: string): boolean => statSync(join(root, name)).isDirectory();
  return {
    folders: names.filter(isFolder),
    files: names.filter((name) => !isFolder(name)),
    read(path) {
      const full = join(root, path);
      return existsSync(full) ? new Uint8Array(readFileSync(full)) : undefined;
    },
  };
}

const threw = (error: unknown): VectorOutcome => ({
  kind: 'unexplained',
  detail: `the runner threw: ${error instanceof Error ? error.message : String(error)}`,
});

/** Runs a runner; what it throws is an outcome too. */
async function settled(run: () => ReturnType<LineRunner>): Promise<readonly VectorOutcome[]> {
  try {
    const given = (await run()) as VectorOutcome | readonly VectorOutcome[] | undefined;
    if (given === undefined) throw new TypeError('it returned no outcome');
    return 'kind' in given ? [given] : given;
  } catch (error) {
    return [threw(error)];
  }
}

async function compareLines(
  name: string,
  at: { readonly path: string; readonly runner: LineRunner },
  tally: Tally,
): Promise<void> {
  let line = 0;
  const reader = createInterface({ input: createReadStream(at.path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const text of reader) {
    if (text.trim() !== '') {
      for (const outcome of await settled(() => at.runner(JSON.parse(text)))) tally.add(name, line, outcome);
    }
    line += 1;
  }
}

/** The first of the places that exists, with the type it must have. */
function locate(root: string, place: VectorPlace): string | undefined {
  return place.paths
    .map((path) => join(root, path))
    .find((path) => existsSync(path) && statSync(path).isDirectory() === (place.kind !== 'lines'));
}

async function compareOne(
  name: string,
  root: string,
  to: { readonly runners: Runners; readonly tally: Tally },
): Promise<void> {
  const { runners, tally } = to;
  const place = VECTOR_FILES[name];
  const path = place === undefined ? undefined : locate(root, place);
  if (path === undefined || place === undefined) return tally.skip(name, 'not there');
  if (place.kind === 'published') return tally.skip(name, `published vectors: ${place.test}`);
  if (place.kind === 'lines') {
    const runner = runners.lines.get(name);
    if (runner === undefined) return tally.skip(name, 'no runner');
    tally.open(name);
    return compareLines(name, { path, runner }, tally);
  }
  const runner = runners.folders.get(name);
  if (runner === undefined) return tally.skip(name, 'no runner');
  tally.open(name);
  for (const outcome of await settled(() => runner(openFolder(path)))) tally.add(name, null, outcome);
}

/** Compares every known file of a folder of vectors, or only those named. */
export async function compareFolder(root: string, names: readonly string[], runners: Runners): Promise<Summary> {
  const tally = new Tally();
  for (const name of names) await compareOne(name, root, { runners, tally });
  return tally.summary();
}
