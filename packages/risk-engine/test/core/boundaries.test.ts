import { describe, expect, it } from 'vitest';
import { assess, initialRiskState, type RiskInput, resolveRiskConfig } from '../../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith } from '../../src/testing.js';

const config = resolveRiskConfig({ evaluators: { multi_signal: 'off', validation: 'off', rollback: 'off' } });
const fresh = initialRiskState(config);

/** Where a threshold stands, on which side the reason is given, and how a value gets there. */
interface Boundary {
  readonly reason: string;
  readonly operator: '>' | '>=' | '<=';
  readonly threshold: number;
  readonly inputOf: (value: number) => RiskInput;
}

const metric =
  (name: string, more: Readonly<Record<string, number>> = {}) =>
  (value: number) =>
    inputWith({ ...more, [name]: value });
const delta = (value: number) => calmInput({ packet: calmPacket({ trainingMetrics: { loss_delta: value } }) });
const score = (value: number) => calmInput({ policy: { riskScore: value, riskIndex: 3, version: 'p' } });
const blueprint = (value: number) =>
  calmInput({ blueprint: { kind: 'known', descriptor: calmBlueprint({ risk: value }) } });
const coverage = (value: number) => calmInput({ coverage: { ratio: value, byType: {}, missing: 0 } });

/** Every numeric threshold of the evaluators, as the requirements state it for a SEED. */
const BOUNDARIES: readonly Boundary[] = [
  { reason: 'policy_risk_critical', operator: '>=', threshold: 0.98, inputOf: score },
  { reason: 'policy_risk_elevated', operator: '>=', threshold: 0.85, inputOf: score },
  { reason: 'bp_quarantine', operator: '>=', threshold: 0.8, inputOf: blueprint },
  { reason: 'blueprint_risk', operator: '>=', threshold: 0.5, inputOf: blueprint },
  { reason: 'loss_spike', operator: '>', threshold: 0.15, inputOf: delta },
  { reason: 'loss_warning', operator: '>', threshold: 0.075, inputOf: delta },
  { reason: 'hook_budget', operator: '>', threshold: 50, inputOf: metric('hook_latency_ms') },
  { reason: 'step_latency_high', operator: '>', threshold: 120, inputOf: metric('step_latency_ms') },
  { reason: 'kasmina_apply_slow', operator: '>', threshold: 30, inputOf: metric('kasmina.apply_ms') },
  { reason: 'kasmina_finalize_slow', operator: '>', threshold: 30, inputOf: metric('kasmina.finalize_ms') },
  { reason: 'isolation_violation', operator: '>', threshold: 0, inputOf: metric('kasmina.isolation.violations') },
  {
    reason: 'device_pressure_high',
    operator: '>=',
    threshold: 95,
    inputOf: metric('gpu_util_percent', { gpu_mem_free_gb: 0.1 }),
  },
  {
    reason: 'device_pressure_high',
    operator: '<=',
    threshold: 0.2,
    inputOf: metric('gpu_mem_free_gb', { gpu_util_percent: 99 }),
  },
  { reason: 'cpu_pressure_high', operator: '>=', threshold: 95, inputOf: metric('cpu_util_percent') },
  { reason: 'loss_volatility_high', operator: '>', threshold: 0.75 * 0.15, inputOf: metric('loss_volatility') },
  { reason: 'grad_variance_high', operator: '>', threshold: 1, inputOf: metric('grad_var') },
  { reason: 'grad_conflict_high', operator: '>', threshold: 0.5, inputOf: metric('grad_conflict_rate') },
  { reason: 'degraded_inputs', operator: '<=', threshold: 0.1, inputOf: coverage },
];

/** The double next to `value`, in the direction of `step`. */
function neighbour(value: number, step: 1 | -1): number {
  if (value === 0) return step * Number.MIN_VALUE;
  const bits = new BigInt64Array(1);
  const double = new Float64Array(bits.buffer);
  double[0] = value;
  bits[0] = (bits[0] ?? 0n) + BigInt(value > 0 ? step : -step);
  return double[0];
}

/** The same for single precision, as a trainer in float32 would report it. */
function neighbour32(value: number, step: 1 | -1): number {
  const bits = new Int32Array(1);
  const single = new Float32Array(bits.buffer);
  single[0] = value;
  if (single[0] === 0) return step * 2 ** -149;
  bits[0] = (bits[0] ?? 0) + step;
  return single[0];
}

const holds = ({ operator, threshold }: Boundary, value: number): boolean => {
  if (operator === '<=') return value <= threshold;
  return operator === '>' ? value > threshold : value >= threshold;
};

describe('every threshold', () => {
  it.each(BOUNDARIES)(
    'TA-28: $reason stands exactly at $operator $threshold, to the next double and to the next float32',
    (boundary) => {
      const { threshold, inputOf, reason } = boundary;
      const doubles = [neighbour(threshold, -1), threshold, neighbour(threshold, 1)];
      const singles = [neighbour32(threshold, -1), Math.fround(threshold), neighbour32(threshold, 1)];
      const found = [...doubles, ...singles].map((value) => {
        const { findings } = assess(fresh, inputOf(value), config);
        return findings.some((finding) => finding.reason === reason && finding.verdict === 'fail');
      });
      expect(found).toEqual([...doubles, ...singles].map((value) => holds(boundary, value)));
      // Both sides were seen.
      expect(new Set(found).size).toBe(2);
    },
  );
});
