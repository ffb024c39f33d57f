import type { NetworkDims } from './dims.js';

/** One part of the `heads` output. */
interface HeadPart {
  readonly field: 'policyLogits' | 'blendingLogits' | 'riskLogits' | 'value' | 'breakerLogits';
  /** Name prefix of its linear layer. */
  readonly layer: string;
  readonly width: number;
}

/** The heads that are one linear layer, in the order of the `heads` output. */
export function rawHeads(dims: NetworkDims): readonly HeadPart[] {
  return [
    { field: 'policyLogits', layer: '_policy_head', width: dims.policyClassCount },
    { field: 'blendingLogits', layer: '_blending_head', width: dims.blendingClassCount },
    { field: 'riskLogits', layer: '_risk_head', width: dims.riskClassCount },
    { field: 'value', layer: '_value_head', width: 1 },
    { field: 'breakerLogits', layer: '_breaker_head', width: 2 },
  ];
}

/** The heads with a hidden layer and a tanh, following the raw ones. */
export function twoStageHeads(dims: NetworkDims) {
  return [
    { field: 'policyParams', layer: '_param_head', width: dims.paramVectorWidth },
    { field: 'schedule', layer: '_schedule_head', width: dims.scheduleOutputWidth },
  ] as const;
}

/** Width of the `heads` output: raw heads, two-stage heads, graph embedding. */
export function headsWidth(dims: NetworkDims): number {
  const parts = [...rawHeads(dims), ...twoStageHeads(dims)];
  return parts.reduce((sum, { width }) => sum + width, dims.gatHiddenWidth);
}
