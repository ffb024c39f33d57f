import { TamiyoError } from '../errors.js';

/** The whole number in an option. Throws `OPTION_INVALID` naming the option and its range. */
export function wholeNumber(
  option: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new TamiyoError('OPTION_INVALID', `${option} takes a whole number from ${least} to ${most}, got ${text}`);
}
