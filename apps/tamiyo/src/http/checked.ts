import type { z } from 'zod';
import { HttpError } from './errors.js';

const PATH_CHARACTERS_MAX = 80;

/** `value` as the schema has it. Throws `REQUEST_INVALID`, naming the place and what was expected there, never what came. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [where, ...(issue?.path ?? []).map(String)].join('.').slice(0, PATH_CHARACTERS_MAX);
  throw new HttpError('REQUEST_INVALID', `${path}: ${issue?.message ?? 'is not what this path takes'}`);
}
