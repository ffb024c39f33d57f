import type { Emphasis, TopLine, TopSize } from '../top/render-top.js';

const CODES: Readonly<Record<Emphasis, string>> = {
  plain: '',
  bold: '\u001b[1m',
  dim: '\u001b[2m',
  good: '\u001b[32m',
  warn: '\u001b[33m',
  bad: '\u001b[31m',
};
const ESCAPE = '\u001b';
const RESET = '\u001b[0m';

/** Lines as text, with colour or without. */
export const screenText = (lines: readonly TopLine[], color: boolean): readonly string[] =>
  lines.map((line) =>
    line
      .map(({ text, as }) => (color && as !== 'plain' ? `${CODES[as]}${text}${RESET}` : text))
      .join('')
      .trimEnd(),
  );

/** One read may hold several keys: escape sequences are kept whole. */
export const keysIn = (text: string): readonly string[] => text.match(KEYS) ?? [];

const KEYS = new RegExp(`${ESCAPE}\\[[0-9;]*[~A-Za-z]|[\\s\\S]`, 'gu');

/** A terminal's whole screen: taken over, drawn on, and given back as it was. */
export class TopScreen {
  readonly #out: NodeJS.WriteStream;
  readonly #keys: NodeJS.ReadStream;
  readonly #color: boolean;

  constructor(out: NodeJS.WriteStream, keys: NodeJS.ReadStream, color: boolean) {
    this.#out = out;
    this.#keys = keys;
    this.#color = color;
  }

  /** `onKey` gets each key as the terminal sends it. The answer gives the screen back. */
  open(onKey: (key: string) => void, onResize: () => void): () => void {
    const listener = (data: Buffer): void => {
      for (const key of keysIn(data.toString('utf8'))) onKey(key);
    };
    this.#out.write('\u001b[?1049h\u001b[?25l');
    if (this.#keys.isTTY) this.#keys.setRawMode(true);
    this.#keys.on('data', listener).resume();
    this.#out.on('resize', onResize);
    return () => {
      this.#out.off('resize', onResize);
      this.#keys.off('data', listener).pause();
      if (this.#keys.isTTY) this.#keys.setRawMode(false);
      this.#out.write('\u001b[?25h\u001b[?1049l');
    };
  }

  size(): TopSize {
    return { columns: this.#out.columns ?? 80, rows: this.#out.rows ?? 24 };
  }

  draw(lines: readonly TopLine[]): void {
    const text = screenText(lines, this.#color)
      .map((line) => `${line}\u001b[K`)
      .join('\r\n');
    this.#out.write(`\u001b[H${text}\u001b[J`);
  }
}
