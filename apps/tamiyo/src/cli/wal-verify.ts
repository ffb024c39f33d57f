import { inspectWal } from '@esper/wal';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { barOf, folderOf, walWorld } from './wal-folder.js';
import { printReport, verdictOf } from './wal-report.js';

const EXIT_OF = { whole: EXIT.ok, torn: EXIT.unsafe, damaged: EXIT.corrupt } as const;

/** `tamiyo wal verify`: reads and checks every byte, takes no lock, changes nothing. */
export async function verifyLog(context: CommandContext, options: { readonly log?: string }): Promise<number> {
  const directory = await folderOf(context, options.log, 'log');
  const report = await inspectWal({ ...walWorld(), directory, onProgress: barOf(context, 'checking') });
  const verdict = verdictOf(report);
  context.output.object({ folder: directory, verdict, ...report });
  printReport(context.output, directory, report);
  return EXIT_OF[verdict];
}
