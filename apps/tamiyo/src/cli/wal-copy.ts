import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { backupWal, type CopyReport, restoreWal } from '@esper/wal';
import { EXIT, type Output } from './output.js';
import type { CommandContext } from './program.js';
import { barOf, folderOf, walWorld } from './wal-folder.js';

/** `tamiyo wal backup`: a copy that has been read back, also of a log that a host is writing. */
export async function backupLog(
  context: CommandContext,
  options: { readonly log?: string; readonly to?: string },
): Promise<number> {
  const from = await folderOf(context, options.log, 'log');
  const to = options.to ?? join(await folderOf(context, undefined, 'backups'), backupName(systemClock.wallMs()));
  const report = await backupWal({ ...walWorld(), from, to, onProgress: barOf(context, 'copying') });
  return told(context.output, from, report);
}

/** To the millisecond: two backups of one second are two folders. */
const backupName = (atMs: number): string => `log-${new Date(atMs).toISOString().replaceAll(/[:.]/g, '-')}`;

/** `tamiyo wal restore`: puts a backup where no log is. */
export async function restoreLog(
  context: CommandContext,
  from: string,
  options: { readonly to?: string },
): Promise<number> {
  const to = await folderOf(context, options.to, 'log');
  const report = await restoreWal({ ...walWorld(), from, to, onProgress: barOf(context, 'restoring') });
  return told(context.output, from, report);
}

function told(output: Output, from: string, { directory, bytes, verified }: CopyReport): number {
  const { records, firstSequence, lastSequence, logId } = verified;
  output.object({ from, to: directory, bytes, records, firstSequence, lastSequence, logId, verified: true });
  output.line(`${records} records, ${firstSequence} to ${lastSequence}, ${bytes} bytes: copied and read back`);
  output.line(`  from ${from}`);
  output.line(`  to   ${directory}`);
  return EXIT.ok;
}
