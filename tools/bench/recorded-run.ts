import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cli/workspace.ts';
import type { Machine, Quiet } from './machine.ts';

/** One benchmark as it was run once. */
export interface RecordedRun {
  readonly name: string;
  /** What to type to repeat it. */
  readonly command: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly before: Quiet;
  readonly after: Quiet;
  /** The last line of its standard output. */
  readonly figures: Readonly<Record<string, unknown>>;
}

const FOLDER = join(ROOT, 'benchmarks/recorded');

export function writeRecordedRun(run: RecordedRun): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${run.name}.json`), `${JSON.stringify(run, null, 2)}\n`);
}

/** Every recorded run, by name. */
export function recordedRuns(): readonly RecordedRun[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as RecordedRun);
}
