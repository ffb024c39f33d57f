/** Where a segment stands in the log; both numbers start at 1 and are in its file name. */
export interface SegmentId {
  /** Rises by at least one with each new file. */
  readonly segment: number;
  /** Sequence of the first record the file may hold. */
  readonly firstSequence: number;
}

const NAME = /^([0-9a-f]{14})-([0-9a-f]{14})\.wal$/;
const hex = (value: number): string => value.toString(16).padStart(14, '0');

/** `<segment>-<first sequence>.wal`, fourteen hexadecimal digits each (56 bits), so that names sort in log order. */
export const segmentName = (id: SegmentId): string => `${hex(id.segment)}-${hex(id.firstSequence)}.wal`;

/** The two numbers of a segment's file name, or `undefined` for any other file. */
export function parseSegmentName(name: string): SegmentId | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const segment = Number.parseInt(match[1] as string, 16);
  const firstSequence = Number.parseInt(match[2] as string, 16);
  if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(firstSequence)) return undefined;
  if (segment < 1 || firstSequence < 1) return undefined;
  return { segment, firstSequence };
}
