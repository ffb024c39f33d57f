import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type SoakReport, soakWal } from '@esper/wal';
import { nodeRandom } from '@esper/wal/node';
import { durationMs } from './duration.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { folderOf, walWorld } from './wal-folder.js';
import { wholeNumber } from './whole-number.js';

interface SoakOptions {
  readonly workdir?: string;
  readonly budget: string;
  readonly injectEvery: string;
}

/**
 * `tamiyo wal soak`: writes, closes, reopens and compares in a folder of its own until the time is over. What was acknowledged
 * and is not there, or is another, ends it with exit code 4; the folder then stays for whoever looks into it.
 */
export async function soakDisk(context: CommandContext, options: SoakOptions): Promise<number> {
  const budgetMs = durationMs('--budget', options.budget);
  const injectEvery = wholeNumber('--inject-every', options.injectEvery, { least: 0, most: 1_000_000 });
  const workdir = await folderOf(context, options.workdir, 'soak');
  const world = walWorld();
  const directory = join(workdir, `log-${world.clock.wallMs()}-${process.pid}`);
  const report = await soakWal({
    setup: { ...world, directory, random: nodeRandom },
    random: Math.random,
    budgetMs,
    injectEvery,
    onProgress: (ratio) => context.output.progress(Math.round(ratio * budgetMs), budgetMs, 'soaking (ms)'),
  });
  const sound = isSound(report);
  context.output.object({ folder: directory, sound, ...report });
  printSoak(context, report);
  if (sound) await rm(directory, { recursive: true });
  else context.output.note(`the log is left in ${directory}`);
  return sound ? EXIT.ok : EXIT.verification;
}

/** Every record came back as it was written, and every torn write was reported and cut off. */
const isSound = (report: SoakReport): boolean => report.mismatches === 0 && report.repaired === report.injections;

function printSoak({ output }: CommandContext, report: SoakReport): void {
  const { appended, verified, mismatches, reopened, injections, repaired, appendMsP50, appendMsP99 } = report;
  output.line(`${appended} records written, ${verified} read back and compared, ${mismatches} lost or changed`);
  output.line(`${reopened} times reopened; ${injections} torn writes put in, ${repaired} reported and cut off`);
  output.line(
    `append to durable: ${appendMsP50.toFixed(2)} ms in the middle, ${appendMsP99.toFixed(2)} ms at the 99th percentile`,
  );
}
