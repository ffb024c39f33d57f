import { compileGraph, type InferenceFailure, splitOutputs } from '@esper/policy';
import { assertNever } from '@esper/std';
import { DecisionError } from '../errors.js';
import { tensorMark } from './basis.js';
import { callDeadline } from './call-deadline.js';
import { guardedCall } from './guarded-call.js';
import type { ActivePolicy, StageAt } from './parts.js';
import type { Inferred, Observed } from './stages.js';

/** Runs the network on the observed graph, outside the event loop, under the inference deadline, behind its breaker. */
export async function inferOutputs(from: Observed, policy: ActivePolicy, at: StageAt): Promise<Inferred> {
  const contract = { dims: policy.dims, limits: policy.graphLimits };
  const feeds = compileGraph(from.observation.graph, contract, policy.relations);
  if (!feeds.ok) {
    throw new DecisionError('OBSERVATION_REFUSED', `the graph is refused: ${JSON.stringify(feeds.error)}`, {
      reason: feeds.error.code,
    });
  }
  const { ms: deadlineMs, isRest } = callDeadline(at.parts.settings.inferenceDeadlineMs, at.session);
  let feedsMark = 0;
  const reply = await guardedCall('inference', at, async () => {
    const answered = policy.host.infer(feeds.value, deadlineMs);
    // While the network runs: what is only needed afterwards.
    feedsMark = tensorMark(feeds.value);
    void from.observation.coverage;
    const answer = await answered;
    if (!answer.ok && answer.error.code === 'inference_timeout' && isRest)
      throw at.session.arrows.deadline.expired('infer');
    if (!answer.ok) throw inferenceError(answer.error);
    return answer.value;
  });
  const { seeds, blueprints } = from.observation;
  const outputs = splitOutputs(reply.outputs, {
    dims: policy.dims,
    seedCount: seeds.length,
    blueprintCount: blueprints.length,
  });
  if (!outputs.ok) {
    throw new DecisionError('INFERENCE_FAILED', `the outputs are refused: ${JSON.stringify(outputs.error)}`, {
      reason: outputs.error.code,
    });
  }
  const marks = { feeds: feedsMark, outputs: tensorMark(reply.outputs) };
  return { ...from, outputs: outputs.value, inference: { runMs: reply.runMs, totalMs: reply.totalMs }, marks };
}

function inferenceError(failure: InferenceFailure): DecisionError {
  switch (failure.code) {
    case 'inference_timeout':
      return new DecisionError('TIMEOUT_INFERENCE', `inference took longer than ${failure.deadlineMs.toFixed(1)} ms`, {
        kind: 'timeout_inference',
        reason: 'timeout_inference',
        attributes: { budget_ms: failure.deadlineMs.toFixed(1) },
      });
    case 'inference_unavailable':
      return new DecisionError('INFERENCE_UNAVAILABLE', `no inference host is ready: ${failure.reason}`, {
        reason: failure.code,
      });
    case 'inference_failed':
      return new DecisionError('INFERENCE_FAILED', `the runtime failed: ${failure.reason}`, { reason: failure.code });
    case 'nonfinite_input':
    case 'nonfinite_output':
      return new DecisionError('INFERENCE_FAILED', `${failure.code} in ${failure.tensor}`, {
        reason: failure.code,
        attributes: { tensor: failure.tensor },
      });
    default:
      return assertNever(failure, 'inference failure');
  }
}
