import type { NetworkOutputs } from '../../core/network/outputs.js';
import type { RecordedDecision } from './decision-case.js';
import { numberNamed } from './python-values.js';

/** Raw network outputs under the prototype's names. */
export type RecordedOutputs = Readonly<Record<string, readonly number[]>>;

/** The numbers of one head; none when it is not there. */
export const headOf = (outputs: RecordedOutputs, name: string): readonly number[] => outputs[name] ?? [];

/** The only, or first, number of a head. */
export const scalarOf = (outputs: RecordedOutputs, name: string): number => outputs[name]?.[0] ?? 0;

/** Float32 numbers, as the decoder received them. */
export const recordedOutputs = (gnn: NonNullable<RecordedDecision['gnn']>): RecordedOutputs =>
  Object.fromEntries(
    Object.entries(gnn).map(([name, { data }]) => [name, data.map((value) => Math.fround(numberNamed(value)))]),
  );

/** The same outputs as ours; the recordings hold no graph embedding, so that one is zero. */
export function networkOutputs(outputs: RecordedOutputs, blueprintRows: number): NetworkOutputs {
  const floats = (name: string): Float32Array => Float32Array.from(outputs[name] ?? []);
  return {
    policyLogits: floats('policy_logits'),
    blendingLogits: floats('blending_logits'),
    riskLogits: floats('risk_logits'),
    value: outputs['value']?.[0] ?? Number.NaN,
    breakerLogits: floats('breaker_logits'),
    policyParams: floats('policy_params'),
    schedule: floats('schedule_params'),
    graphEmbedding: new Float32Array(64),
    seedScores: floats('seed_scores'),
    blueprintScores: floats('blueprint_scores').subarray(0, blueprintRows),
  };
}
