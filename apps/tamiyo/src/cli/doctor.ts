import type { Command } from 'commander';
import { examineConfig } from '../config/resolve.js';
import type { Verdict } from '../doctor/check.js';
import { CHECKS } from '../doctor/checks.js';
import { type Examined, examine, tally } from '../doctor/examine.js';
import type { DoctorPorts } from '../doctor/ports.js';
import { Scene } from '../doctor/scene.js';
import { systemPorts } from '../doctor/system-ports.js';
import { readConfigFile } from './load-config.js';
import { EXIT, type Output, type Style } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { barOf } from './wal-folder.js';

const HELP = `
Reads only: no lock is taken, nothing is repaired, and the probe file that measures the disk is removed again.
  pass      looked at, and right
  warn      works, and will not for long or not as meant
  fail      a host would not start, or would run and be wrong
  skipped   not looked at, and why; it is no pass
Exit code 0: nothing fails; 1: something does.

Examples:
  tamiyo doctor --data ./var/tamiyo
  tamiyo doctor --json | jq -r 'select(.verdict == "fail") | .next'
`;

/** `tamiyo doctor`, on this machine. */
export const doctorNoun: Noun = (program, run) => doctorOn(systemPorts())(program, run);

/** The same on given ports, for whoever plants what no file can hold. */
export const doctorOn =
  (ports: DoctorPorts): Noun =>
  (program, run) => {
    withCommonOptions(program.command('doctor'))
      .description('look at everything a host needs, measure what can be measured, and say what to do')
      .option('--data <folder>', 'the data folder; default: the configuration (./var/tamiyo)')
      .addHelpText('after', HELP)
      .action((_options: unknown, command: Command) =>
        run(command, async (context) => doctor(context, ports, command.opts<{ data?: string }>().data)),
      );
  };

async function doctor(context: CommandContext, ports: DoctorPorts, data: string | undefined): Promise<number> {
  const { output } = context;
  const examined: Examined[] = [];
  for await (const one of examine(CHECKS, await sceneOf(context, ports, data))) {
    examined.push(one);
    output.object({ type: 'check', ...one });
    print(output, one);
  }
  const counts = tally(examined);
  output.object({ type: 'summary', ...counts });
  output.line();
  output.line(
    Object.entries(counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(', '),
  );
  return counts.fail === 0 ? EXIT.ok : EXIT.failure;
}

async function sceneOf(context: CommandContext, ports: DoctorPorts, data: string | undefined): Promise<Scene> {
  const { configFile, environment } = context;
  const { file, failure } = await fileOf(configFile);
  const flags = { ...(data === undefined ? {} : { dataDir: data }), ...context.settings };
  return new Scene({
    ports,
    environment,
    ...examineConfig({ flags, environment, file }),
    configFile,
    fileFailure: failure,
    onProgress: (label) => barOf(context, label),
  });
}

/** What the file says; its failure is for a check to tell, and everything else is looked at all the same. */
async function fileOf(path: string | undefined) {
  try {
    return { file: path === undefined ? {} : await readConfigFile(path), failure: undefined };
  } catch (failure) {
    return { file: {}, failure };
  }
}

const STYLE: Readonly<Record<Verdict, Style>> = { pass: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' };
const VERDICT_WIDTH = 8;
const ID_WIDTH = 20;

function print(output: Output, one: Examined): void {
  const { id, verdict, saw } = one;
  output.line(`${output.style(STYLE[verdict], verdict.padEnd(VERDICT_WIDTH))} ${id.padEnd(ID_WIDTH)} ${saw}`);
  if ('next' in one) output.line(`${''.padEnd(VERDICT_WIDTH + 1)}next: ${one.next}`);
}
