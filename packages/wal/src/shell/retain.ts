import { planRetention, type RetentionReport, type RetentionRequest } from '../core/retention-plan.js';
import type { AnchorFile } from './anchor-file.js';
import { ioError, removeIfThere } from './disk-io.js';
import type { DiskReserve } from './disk-reserve.js';
import type { LiveSegment, LogState } from './log-state.js';

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
  const applied = mode === 'on';
  if (applied && doomed.length > 0) {
    await giveUp(on, doomed).catch((cause: unknown) => {
      throw ioError('retention failed', cause);
    });
  }
  return {
    applied,
    deletedSegments: doomed.map(({ name }) => name),
    rewrittenSegments: [],
    deletedRecords: doomed.reduce((sum, one) => sum + one.lastSequence - one.firstSequence + 1, 0),
    freedBytes: doomed.reduce((sum, one) => sum + one.endOffset, 0),
    firstSequence: state.segments[applied ? 0 : doomed.length]?.firstSequence ?? state.firstSequence,
    problems: plan.problems,
  };
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

async function giveUp(on: Retention, doomed: readonly LiveSegment[]): Promise<void> {
  const { state, anchor, reserve } = on;
  const kept = state.segments[doomed.length];
  if (kept === undefined) return;
  const { logId, disk, directory } = state;
  const acknowledgedThrough = on.acknowledgedThrough();
  const { segment: firstSegment, firstSequence } = kept;
  await anchor.writeBases({ logId, acknowledgedThrough, firstSegment, firstSequence });
  state.segments = state.segments.slice(doomed.length);
  state.firstSequence = firstSequence;
  for (const { name } of doomed) {
    await removeIfThere(disk, `${directory}/${name}`);
    state.tell('wal.segment_deleted', { segment: name });
  }
  await disk.syncDirectory(directory);
  await reserve.restore();
}
