import type { ScenarioOutcome } from '../core/outcome.js';
import { type Recording, thinned } from '../core/recording.js';
import type { ScenarioReport } from './scenario-report.js';

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
/** Recordings a report keeps whole; of many runs the first ones speak for all. */
const RECORDINGS_MAX = 4;

/** The report of one outcome, with every series thinned to what a page can show. */
export function buildReport(
  outcome: ScenarioOutcome,
  about: Pick<ScenarioReport, 'scenario' | 'about' | 'seed' | 'startedAt' | 'seconds' | 'environment'>,
): ScenarioReport {
  return {
    format: 'esper-scenario-metrics-1',
    ...about,
    passed: outcome.assertions.every(({ held }) => held),
    assertions: [...outcome.assertions],
    kpis: { ...outcome.kpis },
    extra: { ...outcome.extra },
    recordings: outcome.recordings.slice(0, RECORDINGS_MAX).map(recordingOf),
  };
}

function recordingOf(from: Recording): ScenarioReport['recordings'][number] {
  return {
    trainingRunId: from.trainingRunId,
    steps: thinned(from.steps).map((point) => ({
      ...point,
      loss: orNull(point.loss),
      validationLoss: orNull(point.validationLoss),
      validationAccuracy: orNull(point.validationAccuracy),
      stepMs: orNull(point.stepMs),
    })),
    decisions: thinned(from.decisions).map(({ signals, breakersOpen, arrows, ...point }) => ({
      ...point,
      arrows: { ...arrows },
      breakersOpen: [...breakersOpen],
      signals: signals.map(({ value, threshold, ratio, ...signal }) => ({
        ...signal,
        value: orNull(value),
        threshold: orNull(threshold),
        ratio: orNull(ratio),
      })),
    })),
    failures: thinned(from.failures).map((failure) => ({ ...failure, breakersOpen: [...failure.breakersOpen] })),
    marks: [...thinned(from.marks)],
    samples: [...thinned(from.samples)],
  };
}
