import { err, ok, type Result } from '@esper/std';
import { compareCodePoints } from '../core/tables/ascii-json.js';

/**
 * JSON that remembers how its numbers were written. A signature over Python's text of `1.0` or `1e-05` cannot be checked
 * once the text has become a JavaScript number.
 */
export type LexemeJson =
  | { readonly kind: 'number'; readonly lexeme: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'word'; readonly value: true | false | null }
  | { readonly kind: 'array'; readonly items: readonly LexemeJson[] }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, LexemeJson> };

const TOKEN =
  /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity)|(true|false|null))/sy;
const DEPTH_MAX = 32;

/** Parses what Python's `json` writes, `NaN` and `Infinity` included. A key given twice is refused. */
export function parseLexemeJson(text: string): Result<LexemeJson, string> {
  try {
    const reader = new Reader(text);
    const value = reader.value(0);
    return reader.isAtEnd() ? ok(value) : err('has text after its value');
  } catch (cause) {
    if (cause instanceof SyntaxError) return err(cause.message);
    throw cause;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }

  value(depth: number): LexemeJson {
    if (depth > DEPTH_MAX) throw new SyntaxError(`is nested deeper than ${DEPTH_MAX}`);
    const [, mark, string, number, word] = this.#token();
    if (string !== undefined) return { kind: 'string', text: JSON.parse(string) as string };
    if (number !== undefined) return { kind: 'number', lexeme: number };
    if (word !== undefined) return { kind: 'word', value: JSON.parse(word) as true | false | null };
    if (mark === '[') return { kind: 'array', items: this.#items(depth) };
    if (mark === '{') return { kind: 'object', entries: this.#entries(depth) };
    throw new SyntaxError('is not JSON');
  }

  #items(depth: number): readonly LexemeJson[] {
    const items: LexemeJson[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#skip(','));
    this.#expect(']');
    return items;
  }

  #entries(depth: number): ReadonlyMap<string, LexemeJson> {
    const entries = new Map<string, LexemeJson>();
    if (this.#skip('}')) return entries;
    do {
      const key = this.value(depth + 1);
      if (key.kind !== 'string') throw new SyntaxError('is not JSON');
      if (entries.has(key.text)) throw new SyntaxError('names a key twice');
      this.#expect(':');
      entries.set(key.text, this.value(depth + 1));
    } while (this.#skip(','));
    this.#expect('}');
    return entries;
  }

  #skip(mark: string): boolean {
    const start = this.#at;
    const isMark = this.#token()[1] === mark;
    if (!isMark) this.#at = start;
    return isMark;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) throw new SyntaxError('is not JSON');
  }

  #token(): RegExpExecArray {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text);
    if (token === null) throw new SyntaxError('is not JSON');
    this.#at = TOKEN.lastIndex;
    return token;
  }
}

/** The value in JavaScript's terms; objects have no prototype's keys. */
export function plainValue(json: LexemeJson): unknown {
  switch (json.kind) {
    case 'number':
      return Number(json.lexeme);
    case 'string':
      return json.text;
    case 'word':
      return json.value;
    case 'array':
      return json.items.map(plainValue);
    case 'object':
      return Object.fromEntries([...json.entries].map(([key, value]) => [key, plainValue(value)]));
  }
}

/** The text that Python writes with sorted keys, no spaces, and non-ASCII kept: what safety sheets are signed over. */
export function canonicalText(json: LexemeJson): string {
  switch (json.kind) {
    case 'number':
      return json.lexeme;
    case 'string':
      return pythonString(json.text);
    case 'word':
      return String(json.value);
    case 'array':
      return `[${json.items.map(canonicalText).join(',')}]`;
    case 'object': {
      const entries = [...json.entries].sort(([a], [b]) => compareCodePoints(a, b));
      return `{${entries.map(([key, value]) => `${pythonString(key)}:${canonicalText(value)}`).join(',')}}`;
    }
  }
}

/** `JSON.stringify` escapes lone surrogates, which Python keeps; neither escapes DEL. */
const pythonString = (text: string): string => JSON.stringify(text);
