import type { GraphActivation, GraphLayer } from '@esper/leyline';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { Feature } from './feature-column.js';
import type { ParameterItem, StructureRow } from './structure.js';

const NON_NEGATIVE = [0, Infinity] as const;
const clamp01 = (value: number): number => Math.min(1, Math.max(0, value));

/** Columns of a layer node. `layerTotal` counts the layers before the cap. */
export const layerFeatures = (layerTotal: number): readonly Feature<StructureRow<GraphLayer>>[] => [
  {
    key: 'layer.depth',
    column: 0,
    maskColumn: 1,
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.depth,
    scale: (depth) => Math.min(1, (depth + 1) / Math.max(1, layerTotal)),
  },
  {
    key: 'layer.latency',
    column: 2,
    maskColumn: 3,
    statistic: 'layer.latency',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.latencyMs,
  },
  {
    key: 'layer.param_count',
    column: 4,
    maskColumn: 5,
    statistic: 'layer.param_count',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.parameterCount,
  },
  { key: 'layer.dropout', column: 6, evidence: true, signal: ({ item }) => item.dropoutRate, scale: clamp01 },
  ...LAYER_CATEGORIES,
  {
    key: 'layer.weight_norm',
    column: 9,
    statistic: 'layer.weight_norm',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.weightNorm,
  },
  {
    key: 'layer.gradient_norm',
    column: 10,
    statistic: 'layer.gradient_norm',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.gradientNorm,
  },
  { key: 'layer.described', column: 11, evidence: false, signal: () => 1 },
];

const LAYER_CATEGORIES: readonly Feature<StructureRow<GraphLayer>>[] = [
  {
    key: 'layer.type',
    column: 7,
    maskColumn: 12,
    evidence: false,
    perPacket: true,
    signal: ({ item }, { names }) => names.fraction('layer_type', item.type),
  },
  {
    key: 'layer.activation',
    column: 8,
    maskColumn: 13,
    evidence: false,
    perPacket: true,
    signal: ({ item }, { names }) => names.fraction('activation_type', item.activation),
  },
];

/** Columns of an activation node. `activationTotal` counts the activations before the cap. */
export const activationFeatures = (activationTotal: number): readonly Feature<StructureRow<GraphActivation>>[] => [
  {
    key: 'activation.type',
    column: 0,
    maskColumn: 8,
    evidence: false,
    perPacket: true,
    signal: ({ item }, { names }) => names.fraction('activation_type', item.type),
  },
  { key: 'activation.described', column: 1, evidence: false, signal: () => 1 },
  {
    key: 'activation.saturation',
    column: 2,
    maskColumn: 3,
    statistic: 'activation.saturation',
    evidence: true,
    signal: ({ item }) => item.saturationRate,
  },
  {
    key: 'activation.gradient_flow',
    column: 4,
    statistic: 'activation.gradient_flow',
    evidence: true,
    signal: ({ item }) => item.gradientFlow,
  },
  {
    key: 'activation.cost',
    column: 5,
    statistic: 'activation.cost',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.computationalCost,
  },
  {
    key: 'activation.nonlinearity',
    column: 6,
    statistic: 'activation.nonlinearity',
    evidence: true,
    signal: ({ item }) => item.nonlinearityStrength,
  },
  {
    key: 'activation.position',
    column: 7,
    evidence: false,
    signal: ({ position }) => position / Math.max(1, activationTotal - 1),
  },
];

/** Columns of a parameter node; risk and stage are those of its blueprint. */
export const parameterFeatures = (
  candidates: readonly BlueprintCandidate[],
): readonly Feature<StructureRow<ParameterItem>>[] => [
  {
    key: 'parameter.min',
    column: 0,
    maskColumn: 1,
    statistic: 'parameter.min',
    evidence: true,
    signal: ({ item }) => item.min,
  },
  {
    key: 'parameter.max',
    column: 2,
    maskColumn: 3,
    statistic: 'parameter.max',
    evidence: true,
    signal: ({ item }) => item.max,
  },
  {
    key: 'parameter.span',
    column: 4,
    maskColumn: 5,
    statistic: 'parameter.span',
    evidence: true,
    bounds: NON_NEGATIVE,
    signal: ({ item }) => item.span,
  },
  {
    key: 'parameter.default',
    column: 6,
    maskColumn: 7,
    statistic: 'parameter.default',
    evidence: true,
    signal: ({ item }) => item.default,
  },
  { key: 'parameter.risk', column: 8, evidence: false, signal: ({ owner }) => candidates[owner]?.risk },
  { key: 'parameter.stage', column: 9, evidence: false, signal: ({ owner }) => candidates[owner]?.stageFraction },
];
