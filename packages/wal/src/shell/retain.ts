import { frameBytes } from '../core/frame.js';
import { isExpired, planRetention, type RetentionReport, type RetentionRequest } from '../core/retention-plan.js';
import type { AnchorFile } from './anchor-file.js';
import { ioError, removeIfThere } from './disk-io.js';
import type { DiskReserve } from './disk-reserve.js';
import type { LiveSegment, LogState } from './log-state.js';
import { type ReadableSegment, readFrames } from './read-records.js';
import { type KeptRecord, writeSegment } from './segment-file.js';

/** What retention works on. */
export interface Retention {
  readonly state: LogState;
  readonly anchor: AnchorFile;
  readonly reserve: DiskReserve;
  readonly acknowledgedThrough: () => number;
}

/** See `Wal.retain`. The anchor says durably what is given up before anything is removed. */
export async function retain(on: Retention, request: RetentionRequest): Promise<RetentionReport> {
  checkRequest(request);
  const { state } = on;
  const mode = state.options.rewrite;
  const plan = planRetention(state.segments, request);
  const doomed = mode === 'off' ? [] : state.segments.slice(0, plan.deleteCount);
  for (const { file, problem } of plan.problems) state.tell('wal.retention_problem', { segment: file, problem });
  try {
    const candidate = mode === 'off' ? undefined : state.segments[doomed.length];
    const partial = await findPartial(state, candidate, request);
    const report = reportOf(state, { doomed, partial, problems: plan.problems });
    const anything = doomed.length > 0 || partial !== undefined;
    if (report.applied && anything) await giveUp(on, doomed, partial);
    return report;
  } catch (cause) {
    throw ioError('retention failed', cause);
  }
}

function reportOf(
  state: LogState,
  found: {
    readonly doomed: readonly LiveSegment[];
    readonly partial: Partial | undefined;
    readonly problems: RetentionReport['problems'];
  },
): RetentionReport {
  const { doomed, partial, problems } = found;
  const firstSequence = partial?.keepFrom ?? state.segments[doomed.length]?.firstSequence ?? state.firstSequence;
  return {
    applied: state.options.rewrite === 'on',
    deletedSegments: doomed.map(({ name }) => name),
    rewrittenSegments: partial === undefined ? [] : [partial.segment.name],
    deletedRecords: firstSequence - state.firstSequence,
    freedBytes: doomed.reduce((sum, one) => sum + one.endOffset, partial?.freedBytes ?? 0),
    firstSequence,
    problems,
  };
}

/** The expired beginning of a segment that must stay otherwise. */
interface Partial {
  readonly segment: LiveSegment;
  readonly keepFrom: number;
  /** Chain value before the first record that is kept. */
  readonly chainBefore: number;
  readonly freedBytes: number;
}

/** Only a closed, undamaged segment is rewritten, and only when something in it has expired. */
async function findPartial(
  state: LogState,
  segment: LiveSegment | undefined,
  request: RetentionRequest,
): Promise<Partial | undefined> {
  const closed = segment !== undefined && segment !== state.segments.at(-1);
  if (request.partial !== true || !closed || segment.losses.length > 0) return undefined;
  let freedBytes = 0;
  for await (const { header } of framesOf(state, segment, 0)) {
    if (!isExpired(header, request)) {
      if (freedBytes === 0) return undefined;
      return { segment, keepFrom: header.sequence, chainBefore: header.chainBefore, freedBytes };
    }
    freedBytes += frameBytes(header.payloadBytes);
  }
  return undefined;
}

const framesOf = (state: LogState, segment: LiveSegment, fromSequence: number) =>
  readFrames({ ...state, readBytes: state.options.readBytes }, readable(state, segment), { fromSequence });

function readable(state: LogState, segment: LiveSegment): ReadableSegment {
  const next = state.segments[state.segments.indexOf(segment) + 1];
  return { ...segment, fence: next?.firstSequence, limitBytes: segment.endOffset };
}

function checkRequest(request: RetentionRequest): void {
  for (const field of ['cutoffMs', 'nowMs', 'futureToleranceMs', 'keepFromSequence'] as const) {
    const value = request[field];
    if (value === undefined && field !== 'cutoffMs' && field !== 'nowMs') continue;
    if (!(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`${field} must be a whole number of 0 or more, got ${value}`);
    }
  }
  // A window that ends now or later would expire everything, which is never what was meant (WA-05).
  if (request.cutoffMs >= request.nowMs) {
    throw new RangeError(`cutoffMs must lie before nowMs (${request.nowMs}), got ${request.cutoffMs}`);
  }
}

async function giveUp(on: Retention, doomed: readonly LiveSegment[], partial: Partial | undefined): Promise<void> {
  const { state, anchor, reserve } = on;
  const rewritten = partial === undefined ? undefined : await rewrite(state, partial);
  const kept = rewritten ?? state.segments[doomed.length];
  if (kept === undefined) return;
  const { logId, disk, directory } = state;
  const acknowledgedThrough = on.acknowledgedThrough();
  const { segment: firstSegment, firstSequence } = kept;
  await anchor.writeBases({ logId, acknowledgedThrough, firstSegment, firstSequence });
  const gone = partial === undefined ? doomed : [...doomed, partial.segment];
  state.segments = [...(rewritten === undefined ? [] : [rewritten]), ...state.segments.slice(gone.length)];
  state.firstSequence = firstSequence;
  for (const one of gone) {
    await removeIfThere(disk, `${directory}/${one.name}`);
    state.tell(one === partial?.segment ? 'wal.segment_rewritten' : 'wal.segment_deleted', { segment: one.name });
  }
  await disk.syncDirectory(directory);
  await reserve.restore();
}

/** A new file of the same number, beginning later: until the old one is gone, the new one's first sequence fences it. */
async function rewrite(state: LogState, { segment, keepFrom, chainBefore }: Partial): Promise<LiveSegment> {
  const header = {
    segment: segment.segment,
    firstSequence: keepFrom,
    logId: state.logId,
    chainBefore,
    createdAtMs: state.clock.wallMs(),
  };
  const written = await writeSegment(state, header, keptRecords(state, segment, keepFrom));
  return { ...segment, ...written, firstSequence: keepFrom, chainBefore };
}

async function* keptRecords(state: LogState, segment: LiveSegment, keepFrom: number): AsyncGenerator<KeptRecord> {
  for await (const { header, payload } of framesOf(state, segment, keepFrom)) yield { ...header, payload };
}
