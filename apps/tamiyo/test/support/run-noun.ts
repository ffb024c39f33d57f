import { Command } from 'commander';
import { EXIT, Output } from '../../src/cli/output.js';
import type { Noun } from '../../src/cli/program.js';

/** What a command printed and how it ended. */
export interface NounOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one noun in this process, with an environment of its own. `--json` on the line is obeyed. */
export async function runNoun(
  noun: Noun,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  configFile?: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<NounOutcome> {
  const written = { stdout: '', stderr: '' };
  let code = -1;
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  const program = new Command('tamiyo').exitOverride();
  noun(program, async (command, body) => {
    const output = new Output(streams, { json: command.opts<{ json?: boolean }>().json === true, color: false });
    try {
      code = await body({ output, environment, settings, configFile });
    } catch (error) {
      output.error(error);
      code = EXIT.failure;
    }
  });
  await program.parseAsync(['node', 'tamiyo', ...argv]);
  return { code, ...written };
}
