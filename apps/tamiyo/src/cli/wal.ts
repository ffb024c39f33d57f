import type { Command } from 'commander';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { backupLog, restoreLog } from './wal-copy.js';
import { dumpLog } from './wal-dump.js';
import { withWalExit } from './wal-exit.js';
import { importLog } from './wal-import.js';
import { repairLog } from './wal-repair.js';
import { soakDisk } from './wal-soak.js';
import { verifyLog } from './wal-verify.js';

const LOG = '--log <folder>';
const LOG_HELP = 'the log; default: the log of the data folder';

/** `tamiyo wal verify | dump | repair | backup | restore | soak | import`. */
export const walNoun: Noun = (program, run) => {
  const noun = program.command('wal').description('the durable log: check it, read it, repair it, copy it, try a disk');
  const act = (command: Command, body: (context: CommandContext, args: readonly string[]) => Promise<number>): void => {
    command.action(async () => run(command, (context) => withWalExit(context, () => body(context, command.args))));
  };
  const verify = withCommonOptions(noun.command('verify'))
    .description('read and check every byte, without a lock; exit code 3: a write never finished, 5: damaged')
    .option(LOG, LOG_HELP);
  act(verify, (context) => verifyLog(context, verify.opts()));
  const dump = withCommonOptions(noun.command('dump'))
    .description('every whole record, one line each; exit code 5 when something was damaged on the way')
    .option(LOG, LOG_HELP)
    .option('--from <sequence>', 'the first record', '1')
    .option('--limit <count>', 'how many records', 'none');
  act(dump, (context) => dumpLog(context, dump.opts()));
  const repair = withCommonOptions(noun.command('repair'))
    .description('do what opening in this mode does; nothing is removed without a copy in quarantine')
    .option(LOG, LOG_HELP)
    .option('--mode <mode>', 'strict, tail, point-in-time or salvage', 'tail')
    .option('--dry-run', 'only say what would be done')
    .addHelpText('after', REPAIR_HELP);
  act(repair, (context) => repairLog(context, repair.opts()));
  const backup = withCommonOptions(noun.command('backup'))
    .description('copy the log, also while a host writes to it, and read the copy back')
    .option(LOG, LOG_HELP)
    .option('--to <folder>', 'must be empty or absent; default: a dated folder below <data>/backups');
  act(backup, (context) => backupLog(context, backup.opts()));
  const restore = withCommonOptions(noun.command('restore <backup>'))
    .description('put a backup in place: checked before, read back after, there as a whole or not at all')
    .option('--to <folder>', 'must be empty or absent; default: the log of the data folder');
  act(restore, (context, [from = '']) => restoreLog(context, from, restore.opts()));
  const soak = withCommonOptions(noun.command('soak'))
    .description('write, reopen and compare on this disk until the time is over; exit code 4: something was lost')
    .option('--workdir <folder>', 'where to write; default: <data>/soak')
    .option('--budget <time>', 'how long', '60s')
    .option('--inject-every <count>', 'every so many reopenings a write is torn on purpose; 0: never', '10');
  act(soak, (context) => soakDisk(context, soak.opts()));
  const imports = withCommonOptions(noun.command('import <file>'))
    .description("take over the prototype's field_reports.log; exit code 5 when something could not be trusted")
    .option('--to <folder>', 'must be empty or absent; default: <data>/imported');
  act(imports, (context, [file = '']) => importLog(context, file, imports.opts()));
};

const REPAIR_HELP = `
Modes, mildest first:
  strict          nothing is repaired; says what stands in the way
  tail            cuts off a write that never finished; refuses when an acknowledged record is damaged
  salvage         keeps every whole record and notes what is lost
  point-in-time   goes back to before the first damage; everything later is set aside
Exit code 5: the mode refuses; 3: a process holds the log.

Examples:
  tamiyo wal repair --dry-run
  tamiyo wal repair --mode salvage --log ./var/tamiyo/log`;
