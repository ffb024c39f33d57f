import type { CommandDraft, MetricPoint } from '@esper/leyline';
import { confidenceGate } from './confidence-gate.js';

/** What the producer can say about a blend in the consumer's terms (BL-12). */
export const BLEND_METRICS = {
  'tamiyo.blending.alpha_mean': { unit: 'ratio', means: 'Mean alpha over the channels, where the schedule starts.' },
  'tamiyo.blending.alpha_p95': { unit: 'ratio', means: '95th percentile of alpha over the channels.' },
  'tamiyo.blending.alpha_sparsity': {
    unit: 'ratio',
    means: 'Share of channels that are not blended at all (CHANNEL).',
  },
  'tamiyo.blending.gate_mean': { unit: 'ratio', means: 'How far the confidence gate is open (CONFIDENCE).' },
  'tamiyo.blending.clamped_fraction': { unit: 'ratio', means: 'Share of factors that stand at 0 or 1.' },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly means: string }>>;

/**
 * The figures of a command whose blend was validated, at the alpha it starts from; empty without a blend mode.
 * `clamped_fraction` is the share of factors that stand at 0 or 1. What executing costs (`kernel_ms`) only the executing
 * side knows.
 */
export function blendTelemetry({ annotations, seedOperation }: CommandDraft): readonly MetricPoint[] {
  const mode = annotations['blend_mode'];
  if (mode === undefined) return [];
  const alpha = seedOperation?.parameters['alpha'] ?? 0;
  if (mode === 'CHANNEL') {
    const factors = JSON.parse(annotations['alpha_vec'] ?? '[]') as number[];
    return [
      ...alphaPoints(alpha, factors),
      point(
        'alpha_sparsity',
        share(factors, (factor) => factor === 0),
      ),
    ];
  }
  if (mode !== 'CONFIDENCE') return alphaPoints(alpha, [1]);
  const logits = JSON.parse(annotations['confidence_logits'] ?? '[]') as number[];
  const gate = confidenceGate(logits, { k: Number(annotations['gate_k']), tau: Number(annotations['gate_tau']) });
  const [lo, hi] = [Number(annotations['alpha_lo']), Number(annotations['alpha_hi'])];
  return [...alphaPoints(alpha, [lo + (hi - lo) * gate]), point('gate_mean', gate)];
}

function alphaPoints(alpha: number, factors: readonly number[]): readonly MetricPoint[] {
  const sorted = [...factors].sort((a, b) => a - b);
  const mean = factors.reduce((sum, value) => sum + value, 0) / factors.length;
  return [
    point('alpha_mean', alpha * mean),
    point('alpha_p95', alpha * (sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0)),
    point(
      'clamped_fraction',
      share(factors, (factor) => factor <= 0 || factor >= 1),
    ),
  ];
}

const share = (values: readonly number[], holds: (value: number) => boolean): number =>
  values.filter(holds).length / values.length;

const point = (name: BlendMetricName, value: number): MetricPoint => {
  const full = `tamiyo.blending.${name}` as const;
  return { name: full, value, unit: BLEND_METRICS[full].unit };
};

type BlendMetricName = keyof typeof BLEND_METRICS extends `tamiyo.blending.${infer Name}` ? Name : never;
