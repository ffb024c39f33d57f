import type { BlueprintDescriptor, GraphActivation, GraphLayer, Signal } from '@esper/leyline';
import { BLUEPRINT_TIERS } from '@esper/leyline';
import type { Want } from './expected-rows.js';
import type { RecordedPacket, RecordedSeed } from './recorded-packet.js';

/** Registry names to numbers, as they stood before the packet. */
export type ExpectedNames = Readonly<
  Record<'seed' | 'blueprint' | 'layer_type' | 'activation_type', ReadonlyMap<string, number>>
>;

const FLOAT32_MAX = 3.4028234663852886e38;
/** A finite number within float32, at least `min`. */
const evidenceOf = (signal: Signal | undefined, min = -FLOAT32_MAX): number | undefined =>
  typeof signal === 'number' && signal >= min && signal <= FLOAT32_MAX ? signal : undefined;
const clamped = (value: number): number => Math.min(1, Math.max(0, value));
const named = (table: ReadonlyMap<string, number>, name: string | undefined): number | undefined => {
  const index = name === undefined ? undefined : table.get(name);
  return index === undefined ? undefined : index / 1024;
};
const sent = (json: Readonly<Record<string, unknown>>, key: string, value: number): number | undefined =>
  key in json ? value : undefined;

export function globalWants(packet: RecordedPacket): readonly Want[] {
  const { metrics, json } = packet;
  const metric = (key: string, min?: number) => evidenceOf(metrics[key], min);
  const validation = 'validationLoss' in json ? packet.validationLoss : metrics['validation_loss'];
  const training = 'trainingLoss' in json ? packet.trainingLoss : metrics['training_loss'];
  const total = metric('epochs_total');
  const family = metric('optimizer_family_index', 0);
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  return [
    { column: 0, mask: 1, value: metric('loss'), statistic: 'global.loss', ...z },
    { column: 2, mask: 3, value: evidenceOf(validation), statistic: 'global.validation_loss', ...z, rule: 'DEV-GB-13' },
    { column: 4, mask: 5, value: evidenceOf(training), statistic: 'global.training_loss', ...z, rule: 'DEV-GB-13' },
    { column: 6, mask: 7, value: metric('gradient_norm', 0), statistic: 'global.gradient_norm', ...z },
    { column: 8, mask: 9, value: metric('samples_per_s', 0), statistic: 'global.samples_per_s', ...z },
    { column: 10, mask: 11, value: metric('hook_latency_ms', 0), statistic: 'global.hook_latency_ms', ...z },
    { column: 12, value: packet.epoch, statistic: 'global.epoch', ...z, evidence: false },
    { column: 13, value: packet.step, log: true, statistic: 'global.step', ...z, evidence: false },
    { column: 14, value: Math.tanh(packet.seeds.length), rule: 'DEV-GB-08', evidence: false },
    {
      column: 15,
      value: total === undefined || total <= 0 ? undefined : evidenceOf(packet.epoch / total, 0),
      statistic: 'global.epoch_progress',
      ...z,
    },
    {
      column: 16,
      mask: 17,
      value: family === undefined || family > 254 ? undefined : (Math.trunc(family) + 1) / 256,
      evidence: true,
      rule: 'DEV-GB-14',
    },
  ];
}

const DEAD = [8, 9, 10, 11];
/** Tri-state: denied, allowed, or as the stage says. */
export function mayBlend({ stage, metrics }: RecordedSeed): boolean {
  const asked = metrics['blend_allowed'];
  if (DEAD.includes(stage)) return false;
  return asked === undefined ? stage >= 4 : Number.isFinite(asked) && asked > 0;
}

export function seedWants(
  seed: RecordedSeed,
  { names, layersMax }: { names: ExpectedNames; layersMax: number },
): readonly Want[] {
  const { json } = seed;
  const risk = sent(json, 'riskScore', seed.risk);
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  return [
    {
      column: 0,
      mask: 1,
      value: evidenceOf(sent(json, 'learningRate', seed.learningRate), 0),
      statistic: 'seed.learning_rate',
      ...z,
    },
    {
      column: 2,
      mask: 3,
      value: Number.isFinite(risk) ? clamped(risk as number) : undefined,
      statistic: 'seed.risk',
      ...z,
    },
    {
      column: 4,
      mask: 5,
      value: evidenceOf(sent(json, 'gradientNorm', seed.gradientNorm), 0),
      statistic: 'seed.gradient_norm',
      ...z,
    },
    { column: 6, mask: 7, value: sent(json, 'ageEpochs', seed.age), statistic: 'seed.age', ...z },
    { column: 8, mask: 9, value: seed.stage === 0 ? undefined : seed.stage / 11, evidence: false, rule: 'DEV-GB-01' },
    {
      column: 10,
      mask: 11,
      value: 'layerDepth' in json ? clamped(seed.depth / Math.max(1, layersMax)) : undefined,
      evidence: true,
      rule: 'DEV-GB-07',
    },
    { column: 12, value: named(names.seed, seed.seedId), evidence: false, rule: 'DEV-GB-05' },
    { column: 13, value: mayBlend(seed) ? 1 : 0, evidence: false, rule: 'DEV-GB-06' },
  ];
}

/** 0..1, or nothing when it is unknown. */
export const riskOf = ({ risk }: BlueprintDescriptor): number | undefined =>
  typeof risk === 'number' && Number.isFinite(risk) ? clamped(risk) : undefined;

export function blueprintWants(
  entry: BlueprintDescriptor,
  packet: RecordedPacket,
  names: ExpectedNames,
): readonly Want[] {
  const risk = riskOf(entry);
  const listed = entry.graph?.parameters.length ?? 0;
  const allowed = Object.keys(entry.allowedParameters).length;
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  const fact = { evidence: false, rule: 'DEV-GB-12' } as const;
  const loss = (key: string, value: number) => evidenceOf(sent(packet.json, key, value));
  return [
    { column: 0, value: named(names.blueprint, entry.blueprintId), evidence: false, rule: 'DEV-GB-05' },
    {
      column: 1,
      mask: 2,
      value: loss('validationLoss', packet.validationLoss),
      statistic: 'blueprint.validation_loss',
      ...z,
    },
    {
      column: 3,
      mask: 4,
      value: loss('trainingLoss', packet.trainingLoss),
      statistic: 'blueprint.training_loss',
      ...z,
    },
    { column: 5, value: risk, evidence: true, rule: 'DEV-GB-07' },
    { column: 6, value: clamped(entry.stage / 10), evidence: false, rule: 'DEV-GB-07' },
    {
      column: 7,
      mask: 8,
      value: listed > 0 ? listed : allowed,
      log: true,
      statistic: 'blueprint.parameter_count',
      ...z,
      rule: 'DEV-GB-12',
    },
    { column: 9, value: BLUEPRINT_TIERS[entry.tier] / 10, ...fact },
    { column: 10, value: entry.quarantineOnly ? 1 : 0, ...fact },
    { column: 11, value: entry.approvalRequired ? 1 : 0, ...fact },
    {
      column: 12,
      mask: 13,
      value: risk === undefined ? undefined : evidenceOf(Math.max(0, 1 - risk + 0.05 * entry.stage + 0.02 * allowed)),
      statistic: 'blueprint.candidate_score',
      ...z,
      rule: 'DEV-GB-12',
    },
    { column: 14, mask: 15, value: undefined, evidence: true, rule: 'DEV-GB-14' },
  ];
}

export function layerWants(layer: GraphLayer, total: number, names: ExpectedNames): readonly Want[] {
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  const dropout = evidenceOf(layer.dropoutRate);
  return [
    {
      column: 0,
      mask: 1,
      value: layer.depth === undefined ? undefined : Math.min(1, (layer.depth + 1) / total),
      evidence: true,
      rule: 'DEV-GB-07',
    },
    { column: 2, mask: 3, value: evidenceOf(layer.latencyMs, 0), statistic: 'layer.latency', ...z },
    { column: 4, mask: 5, value: evidenceOf(layer.parameterCount, 0), log: true, statistic: 'layer.param_count', ...z },
    { column: 6, value: dropout === undefined ? undefined : clamped(dropout), evidence: true, rule: 'DEV-GB-01' },
    { column: 7, mask: 12, value: named(names.layer_type, layer.type), evidence: false, rule: 'DEV-GB-05' },
    { column: 8, mask: 13, value: named(names.activation_type, layer.activation), evidence: false, rule: 'DEV-GB-05' },
    { column: 9, value: evidenceOf(layer.weightNorm, 0), statistic: 'layer.weight_norm', ...z },
    { column: 10, value: evidenceOf(layer.gradientNorm, 0), statistic: 'layer.gradient_norm', ...z },
    { column: 11, value: 1, evidence: false, rule: 'DEV-GB-03' },
  ];
}

export function activationWants(
  activation: GraphActivation,
  { index, total }: { readonly index: number; readonly total: number },
  names: ExpectedNames,
): readonly Want[] {
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  return [
    { column: 0, mask: 8, value: named(names.activation_type, activation.type), evidence: false, rule: 'DEV-GB-05' },
    { column: 1, value: 1, evidence: false, rule: 'DEV-GB-03' },
    { column: 2, mask: 3, value: evidenceOf(activation.saturationRate), statistic: 'activation.saturation', ...z },
    { column: 4, value: evidenceOf(activation.gradientFlow), statistic: 'activation.gradient_flow', ...z },
    { column: 5, value: evidenceOf(activation.computationalCost, 0), log: true, statistic: 'activation.cost', ...z },
    { column: 6, value: evidenceOf(activation.nonlinearityStrength), statistic: 'activation.nonlinearity', ...z },
    { column: 7, value: index / Math.max(1, total - 1), evidence: false, rule: 'DEV-GB-09' },
  ];
}

/** Name and what is known of a tunable parameter. */
export interface ExpectedParameter {
  readonly name: string;
  readonly min: Signal | undefined;
  readonly max: Signal | undefined;
  readonly span: Signal | undefined;
  readonly default: Signal | undefined;
}

export function parametersOf({ graph, allowedParameters }: BlueprintDescriptor): readonly ExpectedParameter[] {
  const listed = graph?.parameters ?? [];
  const span = (min: Signal | undefined, max: Signal | undefined) => {
    const width = typeof min === 'number' && typeof max === 'number' ? max - min : Number.NaN;
    return Number.isFinite(width) ? width : undefined;
  };
  if (listed.length === 0) {
    return Object.entries(allowedParameters).map(([name, { minValue: min, maxValue: max }]) => ({
      name,
      min,
      max,
      span: span(min, max),
      default: undefined,
    }));
  }
  return listed.map(({ name, min, max, span: given, default: preset }) => ({
    name,
    min,
    max,
    span: given ?? span(min, max),
    default: preset,
  }));
}

export function parameterWants(parameter: ExpectedParameter, entry: BlueprintDescriptor): readonly Want[] {
  const z = { evidence: true, rule: 'DEV-GB-02' } as const;
  return [
    { column: 0, mask: 1, value: evidenceOf(parameter.min), statistic: 'parameter.min', ...z },
    { column: 2, mask: 3, value: evidenceOf(parameter.max), statistic: 'parameter.max', ...z },
    { column: 4, mask: 5, value: evidenceOf(parameter.span, 0), statistic: 'parameter.span', ...z },
    { column: 6, mask: 7, value: evidenceOf(parameter.default), statistic: 'parameter.default', ...z },
    { column: 8, value: riskOf(entry), evidence: false, rule: 'DEV-GB-07' },
    { column: 9, value: clamped(entry.stage / 10), evidence: false, rule: 'DEV-GB-07' },
  ];
}
