/** What comparing one recorded case with ours has shown. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  /** Ids of the deviations that show, joined by `+`. */
  | { readonly kind: 'explained'; readonly deviation: string }
  | { readonly kind: 'unexplained'; readonly detail: string };

/** One deliberate difference from the prototype. */
export interface Deviation {
  readonly id: string;
  readonly rule: string;
  readonly why: string;
  /** Which input it shows on, and what the expected value is computed from. */
  readonly recognisedBy: string;
}

/** A number as the vectors write it: plain, `"NaN"`, `"Infinity"`, or `{"$f": "0.7"}`. */
export function vectorNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && value !== null && '$f' in value) return vectorNumber((value as { $f: unknown }).$f);
  return pythonFloat(String(value)) ?? Number.NaN;
}

const PYTHON_FLOAT = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const PYTHON_WORD: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};

/** What Python's `float(text)` gives, or `undefined` where it raises. */
export function pythonFloat(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  const word = PYTHON_WORD[trimmed.replace(/^[+-]/, '')];
  if (word !== undefined) return trimmed.startsWith('-') ? -word : word;
  return PYTHON_FLOAT.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined;
}

/** Equal as values: NaN is NaN, and the order of keys does not matter. */
export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** A value as text, with the keys of mappings in order. */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([key, one]) => `${key}:${canonical(one)}`)
    .join()}}`;
}

/** Equal, explained by these deviations, or neither. `ids` says what shows on this input; none means that all must be equal. */
export function compared(
  found: { readonly ours: unknown; readonly expected: unknown; readonly recorded: unknown },
  ids: readonly string[],
): VectorOutcome {
  if (!same(found.ours, found.expected)) {
    const detail = `ours ${canonical(found.ours)}, expected ${canonical(found.expected)}`;
    return { kind: 'unexplained', detail: detail.slice(0, 1000) };
  }
  if (same(found.ours, found.recorded)) return { kind: 'equal' };
  if (ids.length > 0) return { kind: 'explained', deviation: ids.join('+') };
  const detail = `ours ${canonical(found.ours)}, recorded ${canonical(found.recorded)}`;
  return { kind: 'unexplained', detail: detail.slice(0, 1000) };
}
