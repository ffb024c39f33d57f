import { WalError } from '../errors.js';
import { resolveWalOptions } from '../options.js';
import type { Disk, WalClock } from '../ports.js';
import { copyOf } from './backup-wal.js';
import { type CopyReport, copyLog } from './copy-log.js';
import { inspectWal } from './inspect-wal.js';
import { type ProgressListener, takeSurvey } from './take-survey.js';

/** Which backup goes where. */
export interface RestoreRequest {
  readonly disk: Disk;
  readonly clock: WalClock;
  /** A backup, or any closed log. */
  readonly from: string;
  /** Must be empty or absent. */
  readonly to: string;
  readonly onProgress?: ProgressListener;
}

/**
 * Puts a backup in place of a log that is gone: checked before, read back after, visible only when whole. Rejects with
 * `WAL_CORRUPT` when the backup itself is damaged, `WAL_NOT_EMPTY` when there is something at the target.
 */
export async function restoreWal(request: RestoreRequest): Promise<CopyReport> {
  const { disk, clock, from, to } = request;
  const checked = await inspectWal({ disk, directory: from, clock, options: { recovery: 'strict' } });
  if (checked.wouldDo !== 'keep')
    throw new WalError('WAL_CORRUPT', `the backup ${from} is damaged`, { report: checked });
  const survey = await takeSurvey({ disk, directory: from, options: resolveWalOptions() });
  const acknowledgedThrough = Math.max(checked.acknowledgedThrough, checked.lastSequence);
  const plan = { disk, clock, from, to, ...copyOf(survey, from, acknowledgedThrough) };
  return copyLog(request.onProgress === undefined ? plan : { ...plan, onProgress: request.onProgress });
}
