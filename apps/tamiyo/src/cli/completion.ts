import { type Command, Option } from 'commander';
import { EXIT } from './output.js';
import { type Noun, withCommonOptions } from './program.js';

const HELP = `
Examples:
  source <(tamiyo completion)                                              for this shell
  tamiyo completion > ~/.local/share/bash-completion/completions/tamiyo    for every later one
`;

/** `tamiyo completion`: what bash needs to complete nouns, verbs, options and their choices. Made from the commands themselves. */
export const completionNoun: Noun = (program, run) => {
  withCommonOptions(program.command('completion'))
    .description('a script with which bash completes commands, options and their choices')
    .addHelpText('after', HELP)
    .action((_options: unknown, command: Command) =>
      run(command, async ({ output }) => {
        const script = bashScript(placesOf(program));
        output.object({ shell: 'bash', script });
        output.line(script);
        return EXIT.ok;
      }),
    );
};

/** A place on the command line, and what may stand there. */
interface Place {
  /** The commands before it, for example `wal repair`; empty at the beginning. */
  readonly path: string;
  /** The commands that may follow. */
  readonly commands: readonly string[];
  readonly options: readonly string[];
  /** Options of which only certain values are taken. */
  readonly choices: readonly { readonly option: string; readonly words: readonly string[] }[];
}

function placesOf(command: Command, path = ''): readonly Place[] {
  const commands = command.commands.map((one) => one.name());
  const own = {
    path,
    commands,
    options: [...command.options, new Option('--help')].flatMap(({ long }) =>
      long === undefined || long === null ? [] : [long],
    ),
    choices: command.options.flatMap(({ long, argChoices }) =>
      typeof long === 'string' && argChoices !== undefined ? [{ option: long, words: argChoices }] : [],
    ),
  };
  return [own, ...command.commands.flatMap((one) => placesOf(one, `${path} ${one.name()}`.trim()))];
}

/** Names of commands and options are letters, digits and hyphens: none needs quoting. Files are completed where nothing else fits. */
function bashScript(places: readonly Place[]): string {
  const paths = places.map(({ path }) => path).filter((path) => path !== '');
  const words = places.map(
    ({ path, commands, options }) => `    '${path}') words='${[...commands, ...options].join(' ')}' ;;`,
  );
  const choices = places.flatMap(({ path, choices: of }) =>
    of.map(({ option, words: fit }) => `    '${path} ${option}') words='${fit.join(' ')}' ;;`),
  );
  return `# bash completion of tamiyo; made by: tamiyo completion
_tamiyo() {
  local path='' words='' next i
  for ((i = 1; i < COMP_CWORD; i += 1)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${paths.map((path) => `'${path}'`).join(' | ')}) path="$next" ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in
${choices.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tamiyo tamiyo`;
}
