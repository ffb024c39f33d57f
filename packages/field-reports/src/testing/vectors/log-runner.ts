import { createHash } from 'node:crypto';
import { type LegacyLog, readLegacyLog } from '../../wire/legacy-log.js';
import { readLegacyReport } from '../../wire/legacy-report.js';
import { canonicalReport } from './canonical-report.js';
import { compared, same, type VectorOutcome } from './vector-values.js';

/** A folder of vectors, read by path below it. */
export interface VectorFolder {
  readonly files: readonly string[];
  read(path: string): Uint8Array | undefined;
}

interface Loaded {
  readonly raises?: string;
  readonly kind?: string;
  readonly count?: number;
  readonly digest?: string;
  readonly digest_sha256?: string;
  readonly load_errors?: readonly string[];
}

interface LogCase {
  readonly bytes: Uint8Array;
  readonly now: string;
  readonly retentionHours: number;
  readonly strict: Loaded;
  readonly nonStrict: Loaded;
}

/** Issue time in microseconds, as the prototype rounds it; `undefined` for now, text for what it cannot hold. */
function microseconds(payload: Uint8Array): bigint | undefined | 'not_caught' {
  const at = readLegacyReport(payload)?.issuedAt;
  if (at === undefined || (at.seconds === 0n && at.nanos === 0)) return undefined;
  const inRange = at.seconds >= -62_135_596_800n && at.seconds <= 253_402_300_799n;
  if (!inRange || at.nanos < 0 || at.nanos > 999_999_999) return 'not_caught';
  return at.seconds * 1_000_000n + BigInt(Math.trunc(at.nanos / 1000));
}

interface ModelLoad {
  readonly kept: readonly Uint8Array[];
  readonly error: string;
  readonly raised: boolean;
}

/** The prototype's loader: stops at the first damage, then drops what has expired. */
function prototypeLoad(one: LogCase, strict: boolean): ModelLoad {
  const { frames, error } = prototypeFrames(one.bytes);
  if (strict && error !== '') return { kept: [], error, raised: true };
  const cutoff = BigInt(Date.parse(one.now) - one.retentionHours * 3_600_000) * 1000n;
  const times = frames.map(microseconds);
  if (times.includes('not_caught')) return { kept: [], error: 'not_caught', raised: true };
  const kept = frames.filter((_, at) => times[at] === undefined || (times[at] as bigint) >= cutoff);
  return { kept, error, raised: false };
}

function prototypeFrames(bytes: Uint8Array): { readonly frames: readonly Uint8Array[]; readonly error: string } {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) return { frames, error: 'incomplete_length' };
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
    const payload = bytes.subarray(at + 4, at + 4 + length);
    if (payload.length < length) return { frames, error: payload.length === 0 ? 'missing_payload' : 'truncated' };
    if (canonicalReport(payload) === undefined) return { frames, error: 'parse_error' };
    frames.push(payload);
    at += 4 + length;
  }
  return { frames, error: '' };
}

function digestOf(frames: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const frame of frames) {
    const bytes = canonicalReport(frame) ?? new Uint8Array();
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

/** What the recording says, in the words of the model. */
function summaryOf(loaded: Loaded): object {
  if (loaded.raises !== undefined) return { raised: loaded.kind };
  const digest = loaded.digest_sha256 ?? loaded.digest ?? '';
  return { count: loaded.count, digest: digest.slice(0, 16), error: loaded.load_errors?.[0] ?? loaded.kind ?? '' };
}

function modelSummary(load: ModelLoad): object {
  if (load.raised) return { raised: load.error };
  return { count: load.kept.length, digest: digestOf(load.kept).slice(0, 16), error: load.error };
}

/** Ours: every whole report, the expired ones given up, and what could not be trusted. */
function ourSummary(one: LogCase): { readonly digest: string; readonly problems: readonly string[] } {
  const nowMs = Date.parse(one.now);
  const log = readLegacyLog(one.bytes, nowMs + 300_000);
  const cutoffMs = nowMs - one.retentionHours * 3_600_000;
  const kept = log.records.filter(
    ({ issuedAtMs }) => one.retentionHours <= 0 || issuedAtMs === undefined || issuedAtMs >= cutoffMs,
  );
  return { digest: digestOf(kept.map(({ payload }) => payload)).slice(0, 16), problems: kindsOf(log) };
}

const kindsOf = (log: LegacyLog): readonly string[] => log.problems.map(({ kind }) => kind);

interface Expected {
  readonly digest: string;
  readonly problems: readonly string[];
  readonly ids: readonly string[];
}

/** The same, the long way: every offset is tried with the model's parser. */
function expectedSummary(one: LogCase): Expected {
  const kept: Uint8Array[] = [];
  const problems: string[] = [];
  const ids = new Set<string>();
  for (let at = 0; at < one.bytes.length; ) {
    const rest = one.bytes.subarray(at);
    const { frames, error } = prototypeFrames(rest.subarray(0, endOfFrame(rest)));
    const [payload] = frames;
    if (payload === undefined) {
      problems.push(error);
      at = nextWhole(one.bytes, at + 1);
      continue;
    }
    at += 4 + payload.length;
    const found = expectedOfFrame(one, payload, ids);
    problems.push(...found.problems);
    if (found.kept) kept.push(payload);
  }
  const zeroHours = one.retentionHours <= 0 ? ['DEV-FR-33'] : [];
  const deviations = new Set([...problems.map((kind) => RULE_OF[kind] ?? 'DEV-FR-30'), ...zeroHours]);
  return { digest: digestOf(kept).slice(0, 16), problems, ids: [...deviations] };
}

const RULE_OF: Readonly<Record<string, string>> = {
  empty_record: 'DEV-FR-31',
  issue_time_absent: 'DEV-FR-32',
  issue_time_invalid: 'DEV-FR-32',
  issue_time_future: 'DEV-FR-32',
  repeated_id: 'DEV-FR-34',
};

function expectedOfFrame(
  one: LogCase,
  payload: Uint8Array,
  ids: Set<string>,
): { readonly problems: readonly string[]; readonly kept: boolean } {
  if (payload.length === 0) return { problems: ['empty_record'], kept: false };
  const nowMs = Date.parse(one.now);
  const time = microseconds(payload);
  const undated = timeProblem(time, BigInt(nowMs + 300_000) * 1000n);
  const id = readLegacyReport(payload)?.reportId ?? '';
  const repeated = ids.has(id) ? ['repeated_id'] : [];
  ids.add(id);
  const cutoff = BigInt(nowMs - one.retentionHours * 3_600_000) * 1000n;
  const kept = undated.length > 0 || one.retentionHours <= 0 || (time as bigint) >= cutoff;
  return { problems: [...undated, ...repeated], kept };
}

function timeProblem(time: bigint | undefined | 'not_caught', latest: bigint): readonly string[] {
  if (time === undefined) return ['issue_time_absent'];
  if (time === 'not_caught' || time < 0n) return ['issue_time_invalid'];
  return time > latest ? ['issue_time_future'] : [];
}

/** The end of the frame at the beginning of these bytes, as far as they go. */
function endOfFrame(bytes: Uint8Array): number {
  if (bytes.length < 4) return bytes.length;
  return Math.min(bytes.length, 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
}

function nextWhole(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const rest = bytes.subarray(at);
    const [payload] = prototypeFrames(rest.subarray(0, endOfFrame(rest))).frames;
    if (payload === undefined || payload.length === 0) continue;
    const report = readLegacyReport(payload);
    if (report?.version === 1 && report.reportId !== '' && report.trainingRunId !== '') return at;
  }
  return bytes.length;
}

function compareCase(name: string, one: LogCase): VectorOutcome {
  for (const [mode, loaded] of [
    ['strict', one.strict],
    ['non-strict', one.nonStrict],
  ] as const) {
    const model = modelSummary(prototypeLoad(one, mode === 'strict'));
    if (same(model, summaryOf(loaded))) continue;
    const detail = `${name} ${mode}: model ${JSON.stringify(model)}, recorded ${JSON.stringify(summaryOf(loaded))}`;
    return { kind: 'unexplained', detail };
  }
  const { ids, ...expected } = expectedSummary(one);
  const recorded = {
    digest: (one.nonStrict.digest_sha256 ?? one.nonStrict.digest ?? '').slice(0, 16),
    problems: one.nonStrict.load_errors ?? (one.nonStrict.kind === undefined ? [] : [one.nonStrict.kind]),
  };
  const outcome = compared({ ours: ourSummary(one), expected, recorded }, ids);
  return outcome.kind === 'unexplained' ? { ...outcome, detail: `${name}: ${outcome.detail}` } : outcome;
}

const json = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());

/** The folder `wal`: the log files of the prototype, and every truncation and bit flip of one of them. */
export function runLogFolder(folder: VectorFolder): readonly VectorOutcome[] {
  const expected = JSON.parse(json(folder.read('expected.json')) || '{}') as Readonly<
    Record<string, { now: string; retention_hours: number; strict: Loaded; non_strict: Loaded }>
  >;
  const files = Object.entries(expected).map(
    ([name, { now, retention_hours: retentionHours, strict, non_strict: nonStrict }]) => {
      const bytes = folder.read(name);
      if (bytes === undefined) return { kind: 'unexplained', detail: `${name} is not there` } as const;
      return compareCase(name, { bytes, now, retentionHours, strict, nonStrict });
    },
  );
  return [...files, ...exhaustive(folder)];
}

function exhaustive(folder: VectorFolder): readonly VectorOutcome[] {
  const [head, ...lines] = json(folder.read('exhaustive.jsonl'))
    .split('\n')
    .filter((line) => line !== '');
  if (head === undefined) return [];
  const {
    base,
    now,
    retention_hours: retentionHours,
  } = JSON.parse(head) as { base: string; now: string; retention_hours: number };
  const whole = folder.read(base) ?? new Uint8Array();
  return lines.map((line) => {
    const {
      cut,
      flip,
      strict,
      non_strict: nonStrict,
    } = JSON.parse(line) as { cut?: number; flip?: number; strict: Loaded; non_strict: Loaded };
    const bytes = whole.slice(0, cut);
    if (flip !== undefined) bytes[flip >> 3] = (bytes[flip >> 3] as number) ^ (1 << (flip & 7));
    return compareCase(cut === undefined ? `flip ${flip}` : `cut ${cut}`, {
      bytes,
      now,
      retentionHours,
      strict,
      nonStrict,
    });
  });
}
