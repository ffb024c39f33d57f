const PER_MS = 4096;
const ID = /^(\d{1,16})-(\d{1,20})$/;

/** The time and the number within it that Redis gave an entry (`1700000000000-3`), or `undefined` for any other text. */
export function parseEntryId(id: string): { readonly ms: number; readonly sequence: number } | undefined {
  const match = ID.exec(id);
  return match === null ? undefined : { ms: Number(match[1]), sequence: Number(match[2]) };
}

/**
 * One whole number that rises with the id, exact until 2039: milliseconds × 4,096 + sequence. From the 4,096th entry of one
 * millisecond on the number stays the same; the id itself does not.
 */
export function positionOfId(id: string): number {
  const parsed = parseEntryId(id);
  return parsed === undefined ? 0 : parsed.ms * PER_MS + Math.min(parsed.sequence, PER_MS - 1);
}
