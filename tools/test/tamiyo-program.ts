import { NOUNS } from '../../apps/tamiyo/src/cli/nouns.ts';
import { createProgram } from '../../apps/tamiyo/src/cli/program.ts';

type Command = ReturnType<typeof createProgram>;

/** The command line of `tamiyo`, to be asked what it takes; nothing is carried out. */
export function tamiyoProgram(): { takes(words: readonly string[]): boolean } {
  const program = createProgram(NOUNS);
  return { takes: (words) => takes(program, words) };
}

/** True when the words name a command down to its verb, and every option among the rest is one of it. */
function takes(command: Command, words: readonly string[]): boolean {
  const [first = '', ...rest] = words;
  const next = command.commands.find((one) => one.name() === first);
  if (next !== undefined) return takes(next as Command, rest);
  if (command.commands.length > 0) {
    // A noun alone, as when a page speaks of all its verbs: only right when the words end there and it is no first word.
    return false;
  }
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
  return options.every((option) => command.options.some(({ long }) => long === option));
}
