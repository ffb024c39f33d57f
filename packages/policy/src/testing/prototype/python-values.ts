/** What the prototype's language raises; only the fact matters here. */
export class PythonRaise extends Error {
  override readonly name = 'PythonRaise';
}

export type Mapping = Readonly<Record<string, unknown>>;
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{"$f":"nan"}` and the like, anywhere in plain JSON, as the numbers they stand for. */
export function withNonFinite(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNonFinite);
  if (!isMapping(value)) return value;
  if (typeof value['$f'] === 'string' && Object.keys(value).length === 1) return numberNamed(value['$f']);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withNonFinite(entry)]));
}

const NAMED: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** A number as the vectors write it: a JSON number, or the name of one that JSON has not. */
export function numberNamed(value: unknown): number {
  if (typeof value === 'number') return value;
  const named = typeof value === 'string' ? NAMED[value.toLowerCase()] : undefined;
  if (named === undefined) throw new TypeError(`no number: ${JSON.stringify(value)}`);
  return named;
}

/** `bool(value)`. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value === 'number') return value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? Object.keys(value).length > 0 : true;
}

/** `float(value)`. */
export function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') throw new PythonRaise('float() of neither text nor number');
  const text = stripped(value);
  const named = /^[+-]?(inf|infinity|nan)$/i.test(text) ? NAMED[text.replace('+', '').toLowerCase()] : undefined;
  if (named !== undefined) return named;
  if (text.toLowerCase() === '-nan') return Number.NaN;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i.test(text)) {
    throw new PythonRaise(`could not convert text to float`);
  }
  return Number(text.replaceAll('_', ''));
}

/** `float(value or 0.0)`. */
export const toFloatOrZero = (value: unknown): number => (isTruthy(value) ? toFloat(value) : 0);

/** `int(value)`. */
export function toInt(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new PythonRaise('cannot convert a non-finite float to an integer');
    return Math.trunc(value) + 0;
  }
  if (typeof value !== 'string') throw new PythonRaise('int() of neither text nor number');
  const text = stripped(value);
  if (!/^[+-]?\d+(_\d+)*$/.test(text)) throw new PythonRaise('invalid literal for int()');
  return Number(text.replaceAll('_', ''));
}

/** `int(value)`, or nothing where it raises. */
export function tryInt(value: unknown): number | undefined {
  try {
    return toInt(value);
  } catch (error) {
    if (error instanceof PythonRaise) return undefined;
    throw error;
  }
}

/** `str(value)` for the values the vectors hold. */
export function toStr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  return value === false ? 'False' : String(value);
}

/** `math.log1p(value)`. */
export function log1p(value: number): number {
  if (value <= -1) throw new PythonRaise('math domain error');
  return Math.log1p(value);
}

/** Assigning to one cell of a float32 tensor: finite numbers beyond its range raise. */
export function float32Cell(value: number): number {
  const cell = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(cell)) throw new PythonRaise('value cannot be converted to float');
  return cell;
}

/** `max(a, b)` and `min(a, b)`: the first stays unless the second is strictly better, NaN included. */
// biome-ignore-start lint/complexity/useMathMinMax: NaN is kept where Math.max and Math.min would spread it
export const pyMax = (a: number, b: number): number => (b > a ? b : a);
export const pyMin = (a: number, b: number): number => (b < a ? b : a);
// biome-ignore-end lint/complexity/useMathMinMax: see above

/** `text.strip()`: Unicode spaces, U+001C to U+001F and U+0085, but not the byte order mark. */
export const stripped = (text: string): string => text.replace(EDGES, '');
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly the characters that strip() removes
const EDGES = /^(?:(?!\ufeff)[\s\u001c-\u001f\u0085])+|(?:(?!\ufeff)[\s\u001c-\u001f\u0085])+$/gu;
