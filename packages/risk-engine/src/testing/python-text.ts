/** What Python's `str.strip` removes. */
const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
const EDGES = new RegExp(`^${BLANK}|${BLANK}$`, 'gu');
const DECIMAL = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const NAMED = /^([+-]?)(inf|infinity|nan)$/i;
/** Mathematical digits stand in five runs without a gap. */
const MATHEMATICAL_ZERO = 0x1d7ce;

const isDigit = (codePoint: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(codePoint));

/** The value of a decimal digit of any script. */
function digitValue(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint >= MATHEMATICAL_ZERO && codePoint < MATHEMATICAL_ZERO + 50) {
    return String((codePoint - MATHEMATICAL_ZERO) % 10);
  }
  let value = 0;
  while (value < 9 && isDigit(codePoint - value - 1)) value += 1;
  return String(value);
}

/** `float(text)` as Python reads it: the number, or `undefined` where Python raises. */
export function parsePythonFloat(text: string): number | undefined {
  const plain = text.replace(EDGES, '').replace(/\p{Nd}/gu, digitValue);
  const named = NAMED.exec(plain);
  if (named !== null) {
    if (named[2]?.toLowerCase() === 'nan') return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return DECIMAL.test(plain) ? Number(plain.replaceAll('_', '')) : undefined;
}

/** A number of a vector file: JSON, or `NaN`, `Infinity`, `-Infinity` as text, or `{"$f": "<python repr>"}`. */
export function vectorNumber(given: unknown): number {
  if (typeof given === 'number') return given;
  const text = typeof given === 'string' ? given : (given as { readonly $f: string }).$f;
  const value = parsePythonFloat(text);
  if (value === undefined) throw new RangeError(`not a number of a vector file: ${JSON.stringify(given)}`);
  return value;
}
