import type { CommandDraft, MetricPoint } from '@esper/leyline';
import { confidenceGate } from './confidence-gate.js';

/** What the producer can say about a blend in the consumer's terms (BL-12), as metric name → unit. */
export const BLEND_METRICS = {
  alpha_mean: 'ratio',
  alpha_p95: 'ratio',
  alpha_sparsity: 'ratio',
  gate_mean: 'ratio',
  clamped_fraction: 'ratio',
} as const;

/**
 * The figures of a command whose blend was validated; empty without a blend mode. `clamped_fraction` is the share of
 * alphas that stand at a bound. What executing costs (`kernel_ms`) only the executing side knows.
 */
export function blendTelemetry({ annotations, seedOperation }: CommandDraft): readonly MetricPoint[] {
  const mode = annotations['blend_mode'];
  if (mode === undefined) return [];
  const alpha = seedOperation?.parameters['alpha'] ?? 0;
  if (mode === 'CONFIDENCE') return confidencePoints(annotations, alpha);
  const alphas = mode === 'CHANNEL' ? (JSON.parse(annotations['alpha_vec'] ?? '[]') as number[]) : [alpha];
  const points = alphaPoints(alphas, [0, 1]);
  if (mode !== 'CHANNEL') return points;
  return [
    ...points,
    point(
      'alpha_sparsity',
      share(alphas, (value) => value === 0),
    ),
  ];
}

function confidencePoints(annotations: CommandDraft['annotations'], alpha: number): readonly MetricPoint[] {
  const logits = JSON.parse(annotations['confidence_logits'] ?? '[]') as number[];
  const gate = confidenceGate(logits, { k: Number(annotations['gate_k']), tau: Number(annotations['gate_tau']) });
  const [lo, hi] = [Number(annotations['alpha_lo']), Number(annotations['alpha_hi'])];
  const gated = Math.min(hi, Math.max(lo, alpha * gate));
  return [...alphaPoints([gated], [lo, hi]), point('gate_mean', gate)];
}

function alphaPoints(alphas: readonly number[], [lo, hi]: readonly [number, number]): readonly MetricPoint[] {
  const sorted = [...alphas].sort((a, b) => a - b);
  const mean = alphas.reduce((sum, value) => sum + value, 0) / alphas.length;
  return [
    point('alpha_mean', mean),
    point('alpha_p95', sorted[Math.min(sorted.length - 1, Math.ceil(0.95 * sorted.length) - 1)] ?? 0),
    point(
      'clamped_fraction',
      share(alphas, (value) => value <= lo || value >= hi),
    ),
  ];
}

const share = (values: readonly number[], holds: (value: number) => boolean): number =>
  values.filter(holds).length / values.length;

const point = (name: keyof typeof BLEND_METRICS, value: number): MetricPoint => ({
  name: `tamiyo.blending.${name}`,
  value,
  unit: BLEND_METRICS[name],
});
