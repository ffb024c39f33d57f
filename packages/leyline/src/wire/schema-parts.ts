import { z } from 'zod';
import type { Signal } from '../core/signal.js';
import { LIMITS } from './limits.js';

/** One schema for each field of `T`, optional ones included: a field that is forgotten does not compile. */
export type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

const CONTROL_OR_LONE = /[\p{Cc}\p{Surrogate}]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** A map, not an object: `toString` is a text a sender may give, too. */
const NON_FINITE: ReadonlyMap<string, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [String(value), value]),
);

/** An object with exactly these fields. Each part below says in its error what it expects. */
export function record<T>(shape: Shape<T>): z.ZodType<T> {
  // The shape's type ties each field to T; zod cannot carry that through an optional key.
  return z.strictObject(shape as z.ZodRawShape, { error: objectError }) as unknown as z.ZodType<T>;
}

const objectError = (issue: { readonly code?: string }): string | undefined =>
  issue.code === 'unrecognized_keys' ? 'no other field' : 'an object';

/** The JSON form of what is checked in code, for JSON Schema. */
export const JSON_FORMS = z.registry<Readonly<Record<string, unknown>>>();

/**
 * One check that looks at all there is to look at, and may change the value: each check of a schema costs every message that
 * passes, and a value here has one alone. `fault` says what was expected of a value that does not fit.
 */
function checkedAs<T>(schema: z.ZodType<T>, fault: (value: T) => string | undefined, form: object): z.ZodType<T> {
  const checked = schema.check((payload) => {
    const expected = fault(payload.value);
    if (expected !== undefined) payload.issues.push({ code: 'custom', message: expected, input: payload.value });
  });
  JSON_FORMS.add(checked, form as Readonly<Record<string, unknown>>);
  return checked;
}

/** Free text. Half of a surrogate pair is refused: it has no UTF-8 form. */
export function text(charsMax: number, charsMin = 0): z.ZodType<string> {
  const error =
    charsMin === 0 ? `text of at most ${charsMax} characters` : `text of ${charsMin} to ${charsMax} characters`;
  const fault = (value: string): string | undefined => {
    if (value.length < charsMin || value.length > charsMax) return error;
    return LONE_SURROGATE.test(value) ? 'well-formed Unicode text' : undefined;
  };
  return checkedAs(z.string({ error }), fault, { minLength: charsMin, maxLength: charsMax });
}

/** An identifier or name: not empty, on one line. */
export function name(charsMax: number = LIMITS.nameCharsMax): z.ZodType<string> {
  const error = `a name of 1 to ${charsMax} characters without control characters`;
  const fits = (value: string): boolean =>
    value.length >= 1 && value.length <= charsMax && !CONTROL_OR_LONE.test(value);
  return checkedAs(z.string({ error }), (value) => (fits(value) ? undefined : error), {
    minLength: 1,
    maxLength: charsMax,
  });
}

/** A finite number: what is stated as a fact. */
export function fact(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): z.ZodType<number> {
  const bounded = Number.isFinite(min) || Number.isFinite(max);
  const error = bounded ? `a number in ${min}..${max}` : 'a finite number';
  const schema = z.number({ error });
  if (!bounded) return schema;
  const form = { ...(Number.isFinite(min) ? { minimum: min } : {}), ...(Number.isFinite(max) ? { maximum: max } : {}) };
  return checkedAs(schema, (value) => (value >= min && value <= max ? undefined : error), form);
}

/** A whole number in `min..max`, both included and exact. -0 becomes 0. */
export function whole(min = 0, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  const error = `a whole number in ${min}..${max}`;
  const fits = (value: number): boolean => Number.isSafeInteger(value) && value >= min && value <= max;
  const checked = checkedAs(z.number({ error }), (value) => (fits(value) ? undefined : error), {
    type: 'integer',
    minimum: min,
    maximum: max,
  });
  return checked.overwrite((value) => value + 0);
}

const SIGNAL_ERROR = `a number, or text of at most ${LIMITS.signalCharsMax} characters`;

/** A measurement that may be bad: kept as it came. The texts NaN, Infinity and -Infinity become the numbers. */
export const signal: z.ZodType<Signal> = z
  .custom<Signal>(isSignal, { error: SIGNAL_ERROR })
  .overwrite((value) => (typeof value === 'string' ? (NON_FINITE.get(value) ?? value) : value));
JSON_FORMS.add(signal, { type: ['number', 'string'], maxLength: LIMITS.signalCharsMax, description: SIGNAL_ERROR });

function isSignal(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && value.length <= LIMITS.signalCharsMax && !LONE_SURROGATE.test(value);
}

export const flag: z.ZodType<boolean> = z.boolean({ error: 'true or false' });

/** One word of a closed set. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType<Words[number]> {
  return z.enum(words, { error: `one of ${words.join(', ')}` }) as unknown as z.ZodType<Words[number]>;
}

/** One of the names of a name → number table. */
export function nameOf<T extends Readonly<Record<string, number>>>(table: T): z.ZodType<keyof T & string> {
  return word(Object.keys(table) as [keyof T & string, ...(keyof T & string)[]]);
}

export const versionOne: z.ZodType<1> = z.literal(1, { error: 'version 1' });

export function list<T>(item: z.ZodType<T>, itemsMax: number): z.ZodType<readonly T[]> {
  const error = `a list of at most ${itemsMax}`;
  return z.array(item, { error }).max(itemsMax, { error }) as unknown as z.ZodType<readonly T[]>;
}

/** A map from names to `value`. */
export function mapOf<T>(value: z.ZodType<T>, entriesMax: number): z.ZodType<Readonly<Record<string, T>>> {
  const error = `a map of at most ${entriesMax} entries`;
  return z
    .record(name() as z.ZodType<string, string>, value, { error })
    .refine((map) => Object.keys(map).length <= entriesMax, { error });
}

export const annotations: z.ZodType<Readonly<Record<string, string>>> = mapOf(
  text(LIMITS.annotationCharsMax),
  LIMITS.annotationsMax,
);
export const attributes: z.ZodType<Readonly<Record<string, string>>> = mapOf(
  text(LIMITS.sentenceCharsMax),
  LIMITS.attributesMax,
);

const DIGEST_ERROR = 'a SHA-256 digest as 64 lower-case hex digits';
export const digest: z.ZodType<string> = z
  .string({ error: DIGEST_ERROR })
  .regex(/^[0-9a-f]{64}$/, { error: DIGEST_ERROR });

export function bytes(bytesMax: number): z.ZodType<Uint8Array> {
  const error = `at most ${bytesMax} bytes`;
  const schema = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.byteLength <= bytesMax, {
    error,
  });
  JSON_FORMS.add(schema, { type: 'string', contentEncoding: 'base64', description: error });
  return schema;
}

const UINT64_ERROR = 'an unsigned integer of 64 bits';

/** 64 bits, as `bigint`. A sender may write small ones in any integer form. */
export const uint64: z.ZodType<bigint> = z
  .custom<bigint | number>((value) => (typeof value === 'bigint' ? value >= 0n && value < 2n ** 64n : isCount(value)), {
    error: UINT64_ERROR,
  })
  .transform((value) => BigInt(value));
JSON_FORMS.add(uint64, {
  type: ['string', 'integer'],
  pattern: '^(0|[1-9][0-9]{0,19})$',
  minimum: 0,
  description: UINT64_ERROR,
});

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
