import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { TamiyoError } from '../errors.js';
import { EXIT, Output } from './output.js';

/** What a command gets besides its own options. */
export interface CommandContext {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Configuration given on the command line, by dotted key. */
  readonly settings: Readonly<Record<string, string>>;
  readonly configFile: string | undefined;
}

/** A noun of the command line. Whoever builds a package adds its noun. */
export type Noun = (program: Command, run: RunCommand) => void;
/** Runs a command's body and turns what it returns or throws into an exit code. */
export type RunCommand = (command: Command, body: (context: CommandContext) => Promise<number>) => Promise<void>;

const GENERAL = `Exit codes: 0 ok, 1 failure, 2 usage, 3 unsafe state, 4 verification failed, 5 corrupt data, 6 timeout, 130 interrupted.`;

/** The whole command line. `--json` and `--set` may stand with every command. */
export function createProgram(nouns: readonly Noun[]): Command {
  const program = new Command('tamiyo')
    .description('Strategic controller for training runs: one signed, explained, durable command per step.')
    .showHelpAfterError('(tamiyo --help shows what there is)')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', `\n${GENERAL}`)
    .exitOverride();
  for (const noun of nouns) noun(program, runCommand);
  return program;
}

const EXAMPLES = `Examples:
  tamiyo demo                         a real network trains, Tamiyo decides each step, in under a minute
  tamiyo serve --init                 answer packets over HTTP on this machine
  tamiyo decide packet.json --init    one decision without a server
  tamiyo explain last                 why the last decision came out as it did
  tamiyo replay                       make recorded decisions again, bit for bit
  tamiyo diff --config next.json      which past decisions another configuration would change
  tamiyo top                          what a running host does, live
  tamiyo policy init --seed 1         make an untrained policy to try things with
  tamiyo doctor                       what is wrong with this installation, and what to do about it
  tamiyo config show                  every setting, its value and where it comes from
`;

/** Adds the options that every command takes. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON object per line on stdout, and nothing else there')
    .option('--config <file>', 'configuration file (JSON)')
    .addOption(new Option('--set <key=value...>', 'set one configuration value; may be repeated'));
}

async function runCommand(command: Command, body: (context: CommandContext) => Promise<number>): Promise<void> {
  const options = command.opts<{ json?: boolean; config?: string; set?: string[] }>();
  const color = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  const output = new Output(process, { json: options.json === true, color });
  const configFile = options.config ?? process.env['TAMIYO_CONFIG'];
  try {
    process.exitCode = await body({
      output,
      environment: process.env,
      settings: parseSettings(options.set ?? []),
      configFile: configFile === undefined ? undefined : resolve(configFile),
    });
  } catch (error) {
    output.error(error);
    process.exitCode = EXIT.failure;
  }
}

function parseSettings(pairs: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new TamiyoError('OPTION_INVALID', `--set takes key=value, got ${pair}`);
    settings[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return settings;
}
