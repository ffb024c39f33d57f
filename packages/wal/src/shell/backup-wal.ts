import { judge } from '../core/judge.js';
import { reportOf } from '../core/report-of.js';
import { parseSegmentName } from '../core/segment-name.js';
import type { LogSurvey } from '../core/survey.js';
import { WalError } from '../errors.js';
import { resolveWalOptions } from '../options.js';
import type { Disk, WalClock } from '../ports.js';
import { type CopyPlan, type CopyReport, copyLog } from './copy-log.js';
import { diskCode, ioError } from './disk-io.js';
import { type ProgressListener, takeSurvey } from './take-survey.js';

/** Which log is copied where. */
export interface BackupRequest {
  readonly disk: Disk;
  readonly clock: WalClock;
  /** A log; another process may be writing to it. */
  readonly from: string;
  /** Must be empty or absent. */
  readonly to: string;
  readonly onProgress?: ProgressListener;
}

/** How often to start over when the writer changes files under the reader. */
const ATTEMPTS_MAX = 5;

/**
 * Copies a log from outside, without its lock, while its owner may go on: every record that was acknowledged before the
 * call is in the copy; a write that is under way is not. Read back before it is put in place, like `Wal.backup`. Rejects with
 * `WAL_CORRUPT` when an acknowledged record is damaged (a backup of that would only hide it), `WAL_NOT_EMPTY`,
 * `WAL_BACKUP_INVALID` or `WAL_IO`.
 */
export async function backupWal(request: BackupRequest): Promise<CopyReport> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copyOnce(request);
    } catch (cause) {
      if (attempt < ATTEMPTS_MAX && movedUnderUs(cause)) continue;
      throw ioError(`cannot back up ${request.from}`, cause);
    }
  }
}

/** Retention has deleted a segment since the directory was read, or a fresh segment takes over sequences that were read. */
function movedUnderUs(error: unknown): boolean {
  if (error instanceof MovedOn) return true;
  return diskCode(error instanceof WalError ? error.cause : error) === 'ENOENT';
}

/** The writer went on while the log was looked at. */
class MovedOn extends Error {}

async function copyOnce({ disk, clock, from, to, onProgress }: BackupRequest): Promise<CopyReport> {
  const survey = await takeSurvey({ disk, directory: from, options: resolveWalOptions() });
  const judgement = judge(survey, 'tail');
  const { facts, torn, lastSequence } = judgement;
  const last = torn === undefined ? lastSequence : torn.firstSequence - 1;
  await refuseIfMovedOn({ disk, directory: from }, survey, facts.rot ? Number.POSITIVE_INFINITY : last);
  if (facts.rot) {
    const report = reportOf({ survey, judgement, after: survey, repairs: [], durationMs: 0 });
    throw new WalError('WAL_CORRUPT', `acknowledged records of ${from} are damaged`, { report });
  }
  const { files, anchor } = copyOf(survey, from, last);
  const whole = files.map(({ name, bytes }) => ({
    name,
    bytes: name === torn?.name ? Math.min(bytes, torn.offset) : bytes,
  }));
  const plan = { disk, clock, from, to, files: whole, anchor };
  return copyLog(onProgress === undefined ? plan : { ...plan, onProgress });
}

/**
 * A segment that was begun since the directory was read: what looked lost may be in it; and after a failed write it takes over
 * sequences up to `lastSequence` that the one before still shows.
 */
async function refuseIfMovedOn(
  where: { readonly disk: Disk; readonly directory: string },
  { highestSegment }: LogSurvey,
  lastSequence: number,
): Promise<void> {
  const fresh = (await where.disk.list(where.directory)).map(parseSegmentName).filter((one) => one !== undefined);
  if (fresh.some((one) => one.segment > highestSegment && one.firstSequence <= lastSequence)) throw new MovedOn();
}

/** What has to be copied of a log so that it ends with its last whole record. Rejects with `WAL_CORRUPT` when there is none. */
export function copyOf(
  survey: LogSurvey,
  from: string,
  acknowledgedThrough: number,
): Pick<CopyPlan, 'files' | 'anchor'> {
  const { logId, segments } = survey;
  const [oldest] = segments;
  if (logId === undefined || oldest === undefined) throw new WalError('WAL_CORRUPT', `${from} is no log`);
  return {
    files: segments.map(({ name, endOffset }) => ({ name, bytes: endOffset })),
    anchor: {
      logId,
      acknowledgedThrough,
      firstSegment: oldest.segment,
      firstSequence: survey.anchor.anchor?.firstSequence ?? oldest.firstSequence,
    },
  };
}
