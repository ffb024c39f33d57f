import { z } from 'zod';

/** One configuration value: where it can be set, what it must be, and what it changes. */
export interface Knob<T = unknown> {
  /** Environment variable. The name is API. */
  readonly env: string;
  readonly schema: z.ZodType<T>;
  readonly default: T;
  /** What it changes, in one sentence, with its unit. */
  readonly changes: string;
  /** Never printed, never part of a digest. */
  readonly secret?: true;
}

/** One row of the table: variable, what it must be, and the rest. */
export const knob = <T>(
  env: string,
  schema: z.ZodType<T>,
  more: { readonly default: NoInfer<T>; readonly changes: string; readonly secret?: true },
): Knob<T> => ({
  env,
  schema,
  ...more,
});

/** A duration in milliseconds, from 0 (off, where the knob says so) to `max`. */
export const ms = (max: number) => z.number().nonnegative().max(max);
/** A whole number. */
export const whole = (min: number, max: number) => z.int().min(min).max(max);
/** A number from 0 to 1. */
export const ratio = () => z.number().min(0).max(1);
/** A path, or empty for the default place. */
export const path = () => z.string().max(4096);
