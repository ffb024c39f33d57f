import { TamiyoError } from '../errors.js';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A length of time in an option, such as `60s`, `500ms` or `10m`, in milliseconds. Throws `OPTION_INVALID` naming the option. */
export function durationMs(option: string, text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match !== null) return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  throw new TamiyoError('OPTION_INVALID', `${option} takes a time such as 60s, 500ms or 10m, got ${text}`);
}
