import { elapsedMs } from '@esper/std';
import { judge } from '../core/judge.js';
import { decideRecovery, type RecoveryAction } from '../core/recovery-decision.js';
import type { RecoveryReport } from '../core/recovery-report.js';
import { reportOf } from '../core/report-of.js';
import { resolveWalOptions, type WalOptions } from '../options.js';
import type { Disk, WalClock } from '../ports.js';
import { ioError } from './disk-io.js';
import { type ReadOptions, readRecords, type WalRecord } from './read-records.js';
import { type ProgressListener, type SurveyInput, takeSurvey } from './take-survey.js';

/** A log to look at. Nothing is locked and nothing is changed; a log that is being written may show a torn tail. */
export interface WalInspection {
  readonly disk: Disk;
  readonly directory: string;
  readonly clock: WalClock;
  readonly options?: WalOptions;
  readonly onProgress?: ProgressListener;
}

/** What opening would find, and what it would do in the mode of the options. */
export interface InspectionReport extends RecoveryReport {
  readonly wouldDo: RecoveryAction;
}

/** Reads and checks every byte of a log, as `openWal` would, and changes nothing. Rejects with `WAL_ABSENT`, `WAL_IO` and the like. */
export async function inspectWal(inspection: WalInspection): Promise<InspectionReport> {
  const { directory, clock } = inspection;
  const input = surveyInput(inspection);
  const { options } = input;
  const startedMs = clock.monoMs();
  try {
    const survey = await takeSurvey(input);
    const judgement = judge(survey, options.recovery);
    const durationMs = elapsedMs(startedMs, clock.monoMs());
    const report = reportOf({ survey, judgement, after: survey, repairs: [], durationMs });
    return { ...report, wouldDo: decideRecovery(judgement.facts) };
  } catch (cause) {
    throw ioError(`cannot inspect ${directory}`, cause);
  }
}

function surveyInput({ disk, directory, options, onProgress }: WalInspection): SurveyInput {
  const input = { disk, directory, options: resolveWalOptions(options) };
  return onProgress === undefined ? input : { ...input, onProgress };
}

/**
 * Every whole record of a log, oldest first, without opening it for writing. Damage goes to `onDamage`; without it the
 * first damaged place ends the reading with `WAL_CORRUPT`.
 */
export async function* dumpWal(inspection: WalInspection, read: ReadOptions = {}): AsyncGenerator<WalRecord> {
  const { disk, directory } = inspection;
  const input = surveyInput(inspection);
  const { options } = input;
  const { logId, segments } = await takeSurvey(input).catch((cause: unknown) => {
    throw ioError(`cannot read ${directory}`, cause);
  });
  if (logId === undefined) return;
  const readable = segments.map((one, at) => ({
    ...one,
    lastSequence: (segments[at + 1]?.firstSequence ?? Number.MAX_SAFE_INTEGER) - 1,
    fence: segments[at + 1]?.firstSequence,
    limitBytes: one.fileBytes,
    losses: [],
  }));
  yield* readRecords({ disk, directory, logId, readBytes: options.readBytes, segments: readable }, read);
}
