import { err, ok, type Result } from '@esper/std';
import type { LeylineErrorCode, LeylineRefusal } from '../errors.js';
import { describeKey } from './describe-found.js';
import { LIMITS } from './limits.js';

type Refused = Omit<LeylineRefusal, 'otherCount'>;

/** The keys of an open object, or `null` for an open list. */
type Level = { readonly keys: Set<string>; expectsKey: boolean } | null;

const NUMBER = /-?\d[\d.eE+-]*/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Refuses in JSON text what `JSON.parse` would accept in silence: keys given twice (the last would win), `__proto__`,
 * numbers that would become Infinity, nesting and counts beyond the limits. A whole number that a double cannot hold comes
 * out beyond 2^53 and is refused by the field, where the field is a count.
 * Syntax is left to `JSON.parse`; on text that is no JSON the answer may be either.
 */
export function scanJson(text: string): Result<void, LeylineRefusal> {
  const refused = new JsonScan(text).run();
  return refused === undefined ? ok(undefined) : err({ ...refused, otherCount: 0 });
}

class JsonScan {
  readonly #text: string;
  readonly #levels: Level[] = [];
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Refused | undefined {
    while (this.#at < this.#text.length) {
      const refused = this.#token(this.#text.charCodeAt(this.#at));
      if (refused !== undefined) return refused;
      if (this.#elements > LIMITS.elementsMax) {
        return this.#refuse('LEYLINE_TOO_MANY', `at most ${LIMITS.elementsMax} elements`, 'more');
      }
    }
    return undefined;
  }

  #token(unit: number): Refused | undefined {
    switch (unit) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#open({ keys: new Set(), expectsKey: true });
      case 0x5b:
        return this.#open(null);
      case 0x7d:
      case 0x5d:
        this.#levels.pop();
        break;
      case 0x2c:
        this.#expectKey(true);
        this.#elements += 1;
        break;
      case 0x3a:
        this.#expectKey(false);
        break;
      default:
        return this.#other(unit);
    }
    this.#at += 1;
    return undefined;
  }

  #expectKey(expectsKey: boolean): void {
    const level = this.#levels.at(-1);
    if (level !== undefined && level !== null) level.expectsKey = expectsKey;
  }

  #open(level: Level): Refused | undefined {
    if (this.#levels.length >= LIMITS.depthMax) {
      return this.#refuse('LEYLINE_TOO_DEEP', `nesting of at most ${LIMITS.depthMax}`, 'more');
    }
    this.#levels.push(level);
    this.#elements += 1;
    this.#at += 1;
    return undefined;
  }

  #string(): Refused | undefined {
    const start = this.#at;
    const end = this.#stringEnd();
    const level = this.#levels.at(-1);
    const refused = level?.expectsKey ? this.#key(level.keys, this.#text.slice(start, end)) : undefined;
    this.#at = end;
    return refused;
  }

  /** One past the closing quote, or the end of the text when there is none. */
  #stringEnd(): number {
    let at = this.#at + 1;
    while (at < this.#text.length) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) return at + 1;
      at += unit === BACKSLASH ? 2 : 1;
    }
    return at;
  }

  #key(keys: Set<string>, literal: string): Refused | undefined {
    const key = unescaped(literal);
    if (key === undefined) return this.#refuse('LEYLINE_MALFORMED', 'a key', 'no JSON string');
    if (key === '__proto__') return this.#refuse('LEYLINE_FORBIDDEN_KEY', 'another key', '__proto__');
    if (keys.has(key)) return this.#refuse('LEYLINE_DUPLICATE_KEY', 'each key once', `${describeKey(key)} again`);
    keys.add(key);
    return undefined;
  }

  #other(unit: number): Refused | undefined {
    const isNumber = unit === 0x2d || (unit >= 0x30 && unit <= 0x39);
    NUMBER.lastIndex = this.#at;
    const match = isNumber ? NUMBER.exec(this.#text) : null;
    if (match === null) {
      this.#at += 1;
      return undefined;
    }
    const [literal] = match;
    const value = Number(literal);
    if (!Number.isFinite(value)) {
      return this.#refuse('LEYLINE_INVALID', 'a number within the range of doubles', 'a larger one');
    }
    this.#at += literal.length;
    return undefined;
  }

  #refuse(code: LeylineErrorCode, expected: string, found: string): Refused {
    return { code, path: `character ${this.#at}`, expected, found };
  }
}

function unescaped(literal: string): string | undefined {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    // A bad escape; the caller refuses the key.
    return undefined;
  }
}
