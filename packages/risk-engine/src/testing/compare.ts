import { ALL_RULES, type DeviationId, deviations, NO_RULES, type Rules } from './deviation-table.js';

/** What comparing one case came to. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  /** `deviation` holds the ids of all deviations that show, joined by `+`. */
  | { readonly kind: 'explained'; readonly deviation: string }
  | { readonly kind: 'unexplained'; readonly detail: string };

/** Equality of plain data: key order does not matter, NaN equals NaN, 0 and -0 differ not. */
export function equalData(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  if (left.length !== right.length || Array.isArray(a) !== Array.isArray(b)) return false;
  return left.every(([key, value]) => Object.hasOwn(b, key) && equalData(value, (b as Record<string, unknown>)[key]));
}

/** The first places where two pieces of data differ, for the report. */
export function firstDifference(expected: unknown, actual: unknown): string {
  const keys = new Set([...Object.keys(Object(expected)), ...Object.keys(Object(actual))]);
  for (const key of keys) {
    const [want, got] = [(expected as Record<string, unknown>)[key], (actual as Record<string, unknown>)[key]];
    if (!equalData(want, got)) return `${key}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`;
  }
  return 'no difference';
}

/**
 * Which deviations a case shows: all of them, less every one that can be left out (in table order) without changing what
 * is expected of the product. What is left over is needed, each of it.
 */
function shownBy<T>(expected: (rules: Rules) => T): readonly DeviationId[] {
  const ours = expected(ALL_RULES);
  const needed = new Set(ALL_RULES);
  for (const { id } of deviations) {
    needed.delete(id);
    if (!equalData(expected(needed), ours)) needed.add(id);
  }
  return deviations.map(({ id }) => id).filter((id) => needed.has(id));
}

/** One case: what was recorded, what the model expects under any set of deviations, and what the product did. */
export interface ComparedCase<T> {
  readonly recorded: T;
  readonly expected: (rules: Rules) => T;
  readonly actual: T;
}

/**
 * Compares one case. The recording must be what the model of the prototype gives to the last field, the product must be
 * what the model with all deviations gives to the last field; only then is a difference between the two explained.
 */
export function compareCase<T>({ recorded, expected, actual }: ComparedCase<T>): VectorOutcome {
  const prototype = expected(NO_RULES);
  if (!equalData(prototype, recorded)) {
    return { kind: 'unexplained', detail: `not the prototype: ${firstDifference(prototype, recorded)}` };
  }
  const ours = expected(ALL_RULES);
  if (!equalData(ours, actual)) return { kind: 'unexplained', detail: firstDifference(ours, actual) };
  if (equalData(recorded, actual)) return { kind: 'equal' };
  return { kind: 'explained', deviation: shownBy(expected).join('+') };
}
