import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import type { ProgressListener } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { loadConfig } from './load-config.js';
import type { CommandContext } from './program.js';

/** The machine's disk and clock, as every function of the log wants them. */
export const walWorld = () => ({ disk: nodeDisk(), clock: systemClock });

/** A folder below the data folder, unless another one is given. */
export async function folderOf(context: CommandContext, given: string | undefined, name: string): Promise<string> {
  if (given !== undefined) return given;
  const { values } = await loadConfig(context);
  return join(values.dataDir, name);
}

/** A progress bar for bytes. */
export const barOf =
  ({ output }: CommandContext, label: string): ProgressListener =>
  (done, total) =>
    output.progress(done, total, label);
