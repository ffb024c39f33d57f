import {
  DEFAULT_DIMS,
  type InferenceFailure,
  type InferenceHost,
  type InferenceReply,
  type TensorMap,
} from '@esper/policy';
import { err, ok, type Result } from '@esper/std';

/** The numbers a fake network answers with. Everything not given is 0. */
export interface FakeAnswer {
  /** Which action class wins: 0 germinate, 1 optimizer, 2 pause, 3 open, 4 close. */
  readonly action?: number;
  /** Logit of that class; the others are 0. Default 5. */
  readonly actionLogit?: number;
  /** Which risk class wins, 0 (safe) to 4. */
  readonly riskClass?: number;
  readonly failure?: InferenceFailure;
}

/** An inference host under the test's hand. It answers at once, or never. */
export class FakeInference implements InferenceHost {
  answer: FakeAnswer = {};
  /** While true, calls wait for their deadline and time out. */
  hanging = false;
  calls = 0;

  async infer(inputs: TensorMap, deadlineMs: number): Promise<Result<InferenceReply, InferenceFailure>> {
    this.calls += 1;
    if (this.hanging) return err({ code: 'inference_timeout', deadlineMs, elapsedMs: deadlineMs });
    if (this.answer.failure !== undefined) return err(this.answer.failure);
    return ok({ outputs: outputsFor(inputs, this.answer), runMs: 0.5, totalMs: 0.7 });
  }

  readyCount(): number {
    return 1;
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

function outputsFor(inputs: TensorMap, answer: FakeAnswer): TensorMap {
  const {
    policyClassCount,
    blendingClassCount,
    riskClassCount,
    paramVectorWidth,
    scheduleOutputWidth,
    gatHiddenWidth,
  } = DEFAULT_DIMS;
  const width =
    policyClassCount +
    blendingClassCount +
    riskClassCount +
    1 +
    2 +
    paramVectorWidth +
    scheduleOutputWidth +
    gatHiddenWidth;
  const heads = new Float32Array(width);
  heads[answer.action ?? 0] = answer.actionLogit ?? 5;
  heads[policyClassCount + blendingClassCount + (answer.riskClass ?? 0)] = 12;
  heads[policyClassCount + blendingClassCount + riskClassCount + 1 + 2 + paramVectorWidth + 1] = 0.5;
  const rows = (name: string) => inputs[name]?.dims[0] ?? 0;
  return {
    heads: { type: 'float32', dims: [1, width], data: heads },
    seed_scores: { type: 'float32', dims: [rows('x_seed'), 1], data: new Float32Array(rows('x_seed')) },
    blueprint_scores: { type: 'float32', dims: [rows('x_blueprint'), 1], data: new Float32Array(rows('x_blueprint')) },
  };
}
