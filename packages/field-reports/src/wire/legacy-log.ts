import { type LegacyReport, readLegacyReport } from './legacy-report.js';

/** One report as the prototype's log holds it. There is no checksum: a flipped bit inside a value cannot be seen. */
export interface LegacyRecord {
  /** Where its length stands in the file. */
  readonly offset: number;
  /** The protobuf bytes, as they are. */
  readonly payload: Uint8Array;
  readonly reportId: string;
  readonly trainingRunId: string;
  /** Milliseconds since 1970; absent when there is no time that can be believed. */
  readonly issuedAtMs?: number;
}

/**
 * What could not be trusted. `incomplete_length`, `missing_payload`, `truncated`, `parse_error`: nothing could be read there;
 * `bytes` reaches to where reading went on. `empty_record`: a length of zero, which is how zeroed disk looks.
 * `issue_time_absent` (also 1970 itself), `issue_time_invalid`, `issue_time_future`: the report is kept, undated.
 * `repeated_id`: another report before has the same id.
 */
export type LegacyProblemKind =
  | 'incomplete_length'
  | 'missing_payload'
  | 'truncated'
  | 'parse_error'
  | 'empty_record'
  | 'issue_time_absent'
  | 'issue_time_invalid'
  | 'issue_time_future'
  | 'repeated_id';

export interface LegacyProblem {
  readonly kind: LegacyProblemKind;
  readonly offset: number;
  readonly bytes: number;
}

export interface LegacyLog {
  readonly records: readonly LegacyRecord[];
  readonly problems: readonly LegacyProblem[];
}

const LENGTH_BYTES = 4;
/** 9999-12-31T23:59:59Z: the last second that the prototype can hold. */
const SECONDS_MAX = 253_402_300_799n;

/**
 * Reads the prototype's log: `<u32 length><report>` over and over. Damage costs what it hits: reading goes on at the next place
 * where a whole, plausible report begins. Never throws for data. Reports later than `latestMs` are not believed.
 */
export function readLegacyLog(bytes: Uint8Array, latestMs: number): LegacyLog {
  const records: LegacyRecord[] = [];
  const problems: LegacyProblem[] = [];
  const ids = new Set<string>();
  let at = 0;
  while (at < bytes.length) {
    const frame = frameAt(bytes, at);
    if (frame.kind !== 'frame') {
      const end = frame.kind === 'empty_record' ? at + LENGTH_BYTES : nextPlausible(bytes, at + 1);
      problems.push({ kind: frame.kind, offset: at, bytes: end - at });
      at = end;
      continue;
    }
    const { payload, report } = frame;
    const time = issueTime(report, latestMs);
    const place = { offset: at, bytes: LENGTH_BYTES + payload.length };
    if (typeof time === 'string') problems.push({ kind: time, ...place });
    if (ids.has(report.reportId)) problems.push({ kind: 'repeated_id', ...place });
    ids.add(report.reportId);
    const { reportId, trainingRunId } = report;
    const record = { offset: at, payload: payload.slice(), reportId, trainingRunId };
    records.push(typeof time === 'number' ? { ...record, issuedAtMs: time } : record);
    at += place.bytes;
  }
  return { records, problems };
}

type Frame =
  | { readonly kind: 'frame'; readonly payload: Uint8Array; readonly report: LegacyReport }
  | { readonly kind: 'incomplete_length' | 'missing_payload' | 'truncated' | 'parse_error' | 'empty_record' };

function frameAt(bytes: Uint8Array, at: number): Frame {
  if (bytes.length - at < LENGTH_BYTES) return { kind: 'incomplete_length' };
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH_BYTES).getUint32(0, true);
  const left = bytes.length - at - LENGTH_BYTES;
  if (length === 0) return { kind: 'empty_record' };
  if (left === 0) return { kind: 'missing_payload' };
  if (length > left) return { kind: 'truncated' };
  const payload = bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
  const report = readLegacyReport(payload);
  return report === undefined ? { kind: 'parse_error' } : { kind: 'frame', payload, report };
}

/** Where the next report begins that says whose it is; the end of the bytes when there is none. */
function nextPlausible(bytes: Uint8Array, from: number): number {
  for (let at = from; at + LENGTH_BYTES < bytes.length; at += 1) {
    const frame = frameAt(bytes, at);
    if (frame.kind !== 'frame') continue;
    const { version, reportId, trainingRunId } = frame.report;
    if (version === 1 && reportId !== '' && trainingRunId !== '') return at;
  }
  return bytes.length;
}

function issueTime(report: LegacyReport, latestMs: number): number | LegacyProblemKind {
  const { issuedAt } = report;
  if (issuedAt === undefined || (issuedAt.seconds === 0n && issuedAt.nanos === 0)) return 'issue_time_absent';
  const { seconds, nanos } = issuedAt;
  if (seconds < 0n || seconds > SECONDS_MAX || nanos < 0 || nanos > 999_999_999) return 'issue_time_invalid';
  const issuedAtMs = Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
  return issuedAtMs > latestMs ? 'issue_time_future' : issuedAtMs;
}
