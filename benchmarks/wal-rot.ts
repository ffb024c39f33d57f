import { copyFile, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { runDrill } from '../tools/drill/drill.ts';
import { peersFrom } from './wal-parts/peers.ts';
import { RotReaders, recordSum } from './wal-parts/rot-readers.ts';
import { OURS, ROT_STORES, type RotStore } from './wal-parts/rot-stores.ts';

/**
 * `pnpm bench wal-rot`: one bit flipped in the files after acknowledged writes, in ours and in other stores.
 * `reported`: opening or reading said so and went on. `refused`: it did not go on. `crashed`: the process died. `silent`: records are
 * missing or changed, and nobody said anything. With `peers=FOLDER` the other stores are taken from there.
 */
const RECORDS = 500;

async function filesOf(folder: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const lists = entries.map(async (entry) =>
    entry.isDirectory() ? filesOf(folder, join(below, entry.name)) : [join(below, entry.name)],
  );
  return (await Promise.all(lists)).flat();
}

/** A copy of the folder with one bit flipped where data lies; every byte in use has the same chance. */
async function flippedCopy(
  from: string,
  to: string,
  choice: { readonly random: SeededRandom; readonly holds: RotStore['holds'] },
): Promise<void> {
  const targets: { readonly path: string; readonly bytes: Buffer; readonly used: number }[] = [];
  for (const name of await filesOf(from)) {
    const path = join(to, name);
    await mkdir(join(path, '..'), { recursive: true });
    await copyFile(join(from, name), path);
    if (!choice.holds(name.split('/').at(-1) as string)) continue;
    const bytes = await readFile(path);
    targets.push({ path, bytes, used: bytes.findLastIndex((byte) => byte !== 0) + 1 });
  }
  let at = choice.random.int(0, targets.reduce((sum, { used }) => sum + used, 0) - 1);
  const target = targets.find(({ used }) => {
    if (at < used) return true;
    at -= used;
    return false;
  });
  if (target === undefined) throw new Error(`nothing to flip in ${from}`);
  target.bytes[at] = (target.bytes[at] as number) ^ (1 << choice.random.int(0, 7));
  await writeFile(target.path, target.bytes);
}

/** What became of the flips of one store. */
interface Tally {
  flips: number;
  harmless: number;
  reported: number;
  refused: number;
  crashed: number;
  silent: number;
  /** Most records missing or changed after one flip, where reading went on. */
  worstLost: number;
}

async function tryStore(
  store: RotStore,
  plan: { readonly flips: number; readonly seed: number; readonly peersFolder: string },
): Promise<Tally | { readonly notMeasured: string }> {
  const random = new SeededRandom(plan.seed);
  const records = Array.from({ length: RECORDS }, () => random.bytes(random.int(100, 300)));
  const sums = records.map(recordSum);
  const tally: Tally = { flips: 0, harmless: 0, reported: 0, refused: 0, crashed: 0, silent: 0, worstLost: 0 };
  const home = await tempFolder('wal-rot-');
  const readers = new RotReaders(store.name, plan.peersFolder);
  try {
    const source = join(home.path, 'source');
    await mkdir(source, { recursive: true });
    await store.fill(source, records);
    await mustReadWhole(source, readers, { sums, control: join(home.path, 'control') });
    for (let flip = 0; flip < plan.flips; flip += 1) {
      const copy = join(home.path, `copy-${flip}`);
      await flippedCopy(source, copy, { random, holds: store.holds });
      count(tally, await readers.read(copy), sums);
    }
    return tally;
  } catch (error) {
    return { notMeasured: (error as Error).message.split('\n')[0] ?? '' };
  } finally {
    readers.close();
    await home.remove();
  }
}

/** Without a flip everything must be there, or what is found after one says nothing. */
async function mustReadWhole(
  source: string,
  readers: RotReaders,
  { sums, control }: { readonly sums: readonly string[]; readonly control: string },
): Promise<void> {
  await cp(source, control, { recursive: true });
  const answer = await readers.read(control);
  const whole = typeof answer === 'object' && !answer.told && sums.every((sum, at) => answer.sums[at] === sum);
  if (!whole) throw new Error('a copy without any damage does not read back whole');
}

function count(tally: Tally, answer: Awaited<ReturnType<RotReaders['read']>>, sums: readonly string[]): void {
  tally.flips += 1;
  if (answer === 'crashed' || answer === 'refused') {
    tally[answer] += 1;
    return;
  }
  const wrong = sums.filter((sum, at) => answer.sums[at] !== sum).length;
  tally.worstLost = Math.max(tally.worstLost, wrong);
  if (answer.told) tally.reported += 1;
  else if (wrong > 0) tally.silent += 1;
  else tally.harmless += 1;
}

await runDrill({ name: 'bench wal-rot', defaultBudgetMs: 60_000 }, async (flags) => {
  const peersFolder = flags.rest.find((word) => word.startsWith('peers='))?.slice('peers='.length) ?? '';
  peersFrom(peersFolder);
  const results: Record<string, Awaited<ReturnType<typeof tryStore>>> = {};
  for (const store of ROT_STORES) {
    results[store.name] = await tryStore(store, { flips: flags.count ?? 60, seed: flags.seed, peersFolder });
  }
  const own = results[OURS.name];
  const silent = own === undefined || !('silent' in own) || own.silent > 0;
  return {
    json: { records: RECORDS, stores: results },
    failures: flags.assert && silent ? ['ours was silent, or was not measured'] : [],
  };
});
