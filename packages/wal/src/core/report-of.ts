import { isSerious, lostCount } from './damage.js';
import type { Judgement } from './judge.js';
import type { RecoveryRepair, RecoveryReport } from './recovery-report.js';
import type { LogSurvey } from './survey.js';

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The report that is handed out. */
export function reportOf(found: {
  readonly survey: LogSurvey;
  readonly judgement: Judgement;
  /** The log as it is after the repairs. */
  readonly after: LogSurvey;
  readonly repairs: readonly RecoveryRepair[];
  readonly durationMs: number;
}): RecoveryReport {
  const { survey, judgement, after, repairs, durationMs } = found;
  const news = judgement.damages.filter((damage) => isSerious(damage) && damage.acknowledged && !damage.known);
  return {
    mode: judgement.facts.mode,
    logId: toHex(survey.logId ?? new Uint8Array()),
    segments: after.segments.length,
    bytesScanned: survey.bytesScanned,
    records: after.segments.reduce((sum, one) => sum + one.records, 0),
    firstSequence: judgement.firstSequence,
    lastSequence: after.segments.reduce((last, one) => Math.max(last, one.lastRecord), 0),
    acknowledgedThrough: judgement.acknowledgedThrough,
    damages: judgement.damages,
    lostAcknowledged: news.reduce((sum, damage) => sum + lostCount(damage), 0),
    tornBytes: judgement.torn?.bytes ?? 0,
    repairs,
    durationMs,
  };
}
