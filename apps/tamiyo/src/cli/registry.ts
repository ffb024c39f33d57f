import type { Command } from 'commander';
import type { CommandContext, Noun } from './program.js';
import { withCommonOptions } from './program.js';
import { diffTables, verifyTables } from './registry-compare.js';
import { withRegistryExit } from './registry-exit.js';
import { repairTables } from './registry-repair.js';
import { showTables } from './registry-show.js';

const BUNDLE = '--bundle <folder>';
const BUNDLE_HELP = 'the policy to compare with; default: the one in force, else the policy folder';

/** `tamiyo registry show | verify | diff | repair`. */
export const registryNoun: Noun = (program, run) => {
  const noun = program
    .command('registry')
    .description('the name tables: what they hold, whether they belong to the policy, how to put them right');
  const verb = <T>(command: Command, body: (context: CommandContext, options: T) => Promise<number>): void => {
    command.action(async () =>
      run(command, (context) => withRegistryExit(context, () => body(context, command.opts<T & object>()))),
    );
  };
  const show = withCommonOptions(noun.command('show'))
    .description('every table with its size, digest and file; exit code 5 when one is damaged')
    .option('--table <name>', 'the names of one table, by index');
  verb(show, showTables);
  const verify = withCommonOptions(noun.command('verify'))
    .description('whether every table is the one the policy was made with; exit code 4: it is not, 5: damaged')
    .option(BUNDLE, BUNDLE_HELP);
  verb(verify, verifyTables);
  const diff = withCommonOptions(noun.command('diff'))
    .description('entry by entry, where the tables and those of the policy differ; exit code 4 when they do')
    .option(BUNDLE, BUNDLE_HELP)
    .option('--limit <count>', 'differences shown for each table', '20');
  verb(diff, diffTables);
  const repair = withCommonOptions(noun.command('repair'))
    .description('put back the tables the policy was made with, from its bundle; says what it would do unless --write')
    .option(BUNDLE, BUNDLE_HELP)
    .option('--write', 'do it; the files that are there are kept aside')
    .addHelpText('after', REPAIR_HELP);
  verb(repair, repairTables);
};

const REPAIR_HELP = `
Only tables that are damaged or differ are touched, and only while no host holds them. Names that were learnt after the
policy was made lose their index and get another one when they come again: the policy has never seen it, but decisions
recorded since cannot be replayed bit for bit. A backup of the table, where there is one, is the better way.`;
