import type { NetworkOutputs } from '../../core/network/outputs.js';
import type { RecordedTensor } from './gnn-case.js';

/** |Δ| ≤ tolerance · max(1, |recorded|). */
export const OUTPUT_TOLERANCE = 1e-4;

/** Outputs under the names of the PyTorch module. A missing name is a score of a node type that vanished. */
export type NamedOutputs = Readonly<Partial<Record<string, Float32Array>>>;

/** Our field names under the recorded ones. */
export function namedOutputs(outputs: NetworkOutputs): NamedOutputs {
  return {
    policy_logits: outputs.policyLogits,
    policy_params: outputs.policyParams,
    param_delta: outputs.policyParams.subarray(0, 1),
    blending_logits: outputs.blendingLogits,
    risk_logits: outputs.riskLogits,
    value: Float32Array.of(outputs.value),
    breaker_logits: outputs.breakerLogits,
    schedule_params: outputs.schedule,
    graph_embedding: outputs.graphEmbedding,
    seed_scores: outputs.seedScores,
    blueprint_scores: outputs.blueprintScores,
  };
}

/** The first difference as a sentence. Non-finite numbers agree with any other non-finite number. */
function difference(name: string, recorded: RecordedTensor, ours: Float32Array): string | undefined {
  if (ours.length !== recorded.data.length)
    return `${name} has ${ours.length} numbers, recorded ${recorded.data.length}`;
  for (const [i, value] of recorded.data.entries()) {
    const expected = Number(value);
    const actual = ours[i] as number;
    const agree = Number.isFinite(expected)
      ? Math.abs(actual - expected) <= OUTPUT_TOLERANCE * Math.max(1, Math.abs(expected))
      : !Number.isFinite(actual);
    if (!agree) return `${name}[${i}] is ${actual}, recorded ${expected}`;
  }
  return undefined;
}

/** Compares all recorded outputs with ours, both ways; undefined when they agree. */
export function compareOutputs(
  recorded: Readonly<Record<string, RecordedTensor>>,
  ours: NamedOutputs,
): string | undefined {
  const surplus = Object.entries(ours).find(([name, values]) => values?.length && recorded[name] === undefined);
  if (surplus !== undefined) return `${surplus[0]} is not among the recorded outputs`;
  for (const [name, tensor] of Object.entries(recorded)) {
    const found = difference(name, tensor, ours[name] ?? new Float32Array());
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The largest |Δ| / max(1, |expected|) between two answers; infinite when a length differs or one is not finite. */
export function largestDifference(expected: NamedOutputs, actual: NamedOutputs): number {
  let largest = 0;
  for (const [name, values = new Float32Array()] of Object.entries(expected)) {
    const others = actual[name];
    if (others?.length !== values.length) return Number.POSITIVE_INFINITY;
    for (const [i, value] of values.entries()) {
      const delta = Math.abs((others[i] as number) - value) / Math.max(1, Math.abs(value));
      largest = Math.max(largest, Number.isNaN(delta) ? Number.POSITIVE_INFINITY : delta);
    }
  }
  return largest;
}
