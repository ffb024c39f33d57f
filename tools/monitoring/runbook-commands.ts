/** One command of a page: a line of a block of shell, or what stands in backquotes and begins like one. */
export interface NamedCommand {
  readonly page: string;
  /** Words after the program. */
  readonly words: readonly string[];
  readonly program: 'tamiyo' | 'pnpm' | 'curl';
}

const BLOCK = /```sh\n([\s\S]*?)```/g;
const INLINE = /`((?:tamiyo|pnpm) [^`]+)`/g;
const CONTINUED = /\\\n\s*/g;

/** Every command that a page tells its reader to use. */
export function commandsOf(page: string, text: string): readonly NamedCommand[] {
  const lines = [
    ...[...text.matchAll(BLOCK)].flatMap(([, block = '']) => block.replaceAll(CONTINUED, '').split('\n')),
    ...[...text.matchAll(INLINE)].map(([, line = '']) => line),
  ];
  return lines.flatMap((line) => {
    const [program, ...words] = wordsOf(line);
    return program === 'tamiyo' || program === 'pnpm' || program === 'curl' ? [{ page, program, words }] : [];
  });
}

/** The words of a line up to a pipe; what is quoted is one. */
const wordsOf = (line: string): readonly string[] =>
  [...(line.split(' | ')[0] ?? '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
