import type { TrainerMessage } from '@esper/harness';
import type { DecisionError, Delivered } from '@esper/tamiyo';
import type {
  DecisionPoint,
  FailurePoint,
  HostSample,
  MarkPoint,
  Recording,
  SignalPoint,
  StepPoint,
} from '../core/recording.js';

/** Points of one kind kept; a run that is longer keeps the first ones, and its totals stay whole. */
const POINTS_MAX = 200_000;

/** Takes down what one run shows. */
export class Recorder {
  readonly trainingRunId: string;
  readonly #steps: StepPoint[] = [];
  readonly #decisions: DecisionPoint[] = [];
  readonly #failures: FailurePoint[] = [];
  readonly #marks: MarkPoint[] = [];
  readonly #samples: HostSample[] = [];

  constructor(trainingRunId: string) {
    this.trainingRunId = trainingRunId;
  }

  get recording(): Recording {
    return {
      trainingRunId: this.trainingRunId,
      steps: this.#steps,
      decisions: this.#decisions,
      failures: this.#failures,
      marks: this.#marks,
      samples: this.#samples,
    };
  }

  step({
    step,
    loss,
    validationLoss,
    validationAccuracy,
    stepMs,
    paused,
  }: Extract<TrainerMessage, { type: 'step' }>): void {
    keep(this.#steps, { step, loss, validationLoss, validationAccuracy, stepMs, paused });
  }

  decision(step: number, delivered: Delivered, breakersOpen: readonly string[]): void {
    const { proposed, command, assessment, totalMs, inferenceMs, spans } = delivered;
    keep(this.#decisions, {
      step,
      proposed: proposed.commandType,
      command: command.commandType,
      reason: assessment.reason,
      conservative: assessment.conservative,
      totalMs,
      inferenceMs,
      arrows: Object.fromEntries(spans.map(({ name, durationMs }) => [name, durationMs])),
      signals: assessment.findings.flatMap(signalOf),
      breakersOpen,
    });
  }

  failure(step: number, error: DecisionError, seen: Pick<FailurePoint, 'waitedMs' | 'breakersOpen'>): void {
    keep(this.#failures, { step, code: error.code, ...seen });
  }

  mark(step: number, name: string, detail = ''): void {
    keep(this.#marks, { step, name, detail });
  }

  sample(sample: HostSample): void {
    keep(this.#samples, sample);
  }
}

function keep<T>(points: T[], point: T): void {
  if (points.length < POINTS_MAX) points.push(point);
}

type Finding = Delivered['assessment']['findings'][number];

/** A finding as a point to plot: only those that compare a number with a number. */
function signalOf({ signal, value, threshold, comparison, verdict }: Finding): readonly SignalPoint[] {
  if (typeof value !== 'number' || typeof threshold !== 'number') return [];
  const lowIsBad = comparison?.startsWith('<') === true;
  const ratio = lowIsBad ? threshold / Math.max(value, Number.EPSILON) : value / Math.max(threshold, Number.EPSILON);
  return [{ signal, value, threshold, ratio, passed: verdict === 'pass' }];
}
