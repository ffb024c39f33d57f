import type { BlendMode, BlueprintDescriptor } from '@esper/leyline';
import { fixedDecimal } from '../../core/decode/fixed-decimal.js';
import { riskOf } from './expected-wants.js';
import type { Mapping } from './python-values.js';
import type { RecordedOutputs } from './recorded-outputs.js';
import type { RecordedPacket, RecordedSeed } from './recorded-packet.js';

/** Blend settings as our host resolves them from the environment. */
export interface ExpectedBlend {
  readonly enabled: boolean;
  readonly mode?: BlendMode;
  readonly gateK: number;
  readonly gateTau: number;
  readonly alphaLo: number;
  readonly alphaHi: number;
  readonly alphaVecMax: number;
}

export interface ExpectedDecisionInput {
  readonly outputs: RecordedOutputs;
  readonly packet: RecordedPacket;
  readonly entry: BlueprintDescriptor | undefined;
  readonly version: string;
  readonly coverageRatio: number;
  readonly blend: ExpectedBlend;
}

export type ExpectedDecision =
  | { readonly refused: string; readonly context?: Mapping }
  | { readonly action: number; readonly command: Mapping; readonly annotations: Readonly<Record<string, string>> };

const HEADS = [
  'policy_logits',
  'blending_logits',
  'risk_logits',
  'value',
  'breaker_logits',
  'policy_params',
  'schedule_params',
  'seed_scores',
];
const SHAPES = ['linear', 'cosine', 'warmup_hold'];
const DORMANT = 1;
const ACTION_COUNT = 5;

/** An id with at least one visible character. */
export const isVisible = (id: string): boolean =>
  [...id].some((char) => !/[\s\u0085\ufeff]/u.test(char) && !(char >= '\u001c' && char <= '\u001f'));

const graftable = (seed: RecordedSeed): boolean =>
  isVisible(seed.seedId) && seed.stage === DORMANT && !('riskScore' in seed.json && !Number.isFinite(seed.risk));

/** What our decoder must make of recorded outputs, worked out with none of its code but the number format. */
export function expectedDecision(input: ExpectedDecisionInput): ExpectedDecision {
  const { outputs, packet, entry } = input;
  const scores = entry === undefined ? [] : (outputs['blueprint_scores'] ?? []);
  if ([...HEADS.flatMap((head) => outputs[head] ?? []), ...scores].some((value) => !Number.isFinite(value))) {
    return { refused: 'nonfinite_output' };
  }
  const seed = first(outputs['seed_scores'] ?? [], (index) => graftable(packet.seeds[index] as RecordedSeed));
  const busy = seed === undefined && packet.seeds.some(({ seedId }) => isVisible(seedId));
  const action = first((outputs['policy_logits'] ?? []).slice(0, ACTION_COUNT), (index) => index > 0 || !busy) ?? 0;
  const usable = entry !== undefined && riskOf(entry) !== undefined ? entry : undefined;
  const context = { command_id: '<unset>', packet_id: packet.packetId, training_run_id: packet.trainingRunId };
  const seedId = seed === undefined ? undefined : (packet.seeds[seed] as RecordedSeed).seedId;
  if (action === 0 && seedId === undefined) return { refused: 'seed command missing target_seed_id', context };
  if (action === 0 && usable === undefined) {
    return { refused: 'seed command missing blueprint_id', context: { ...context, seed_id: seedId } };
  }
  return proposal(input, { action, seedId, usable });
}

interface Chosen {
  readonly action: number;
  readonly seedId: string | undefined;
  readonly usable: BlueprintDescriptor | undefined;
}

function proposal(input: ExpectedDecisionInput, { action, seedId, usable }: Chosen): ExpectedDecision {
  const { outputs, packet } = input;
  const delta = outputs['policy_params']?.[0] ?? 0;
  const shape = first(outputs['blending_logits'] ?? [], () => true) ?? 0;
  const [a, b] = (outputs['schedule_params'] ?? []).map((raw) => Math.min(1, Math.max(0, (raw + 1) / 2))) as [
    number,
    number,
  ];
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  const alpha = alphaOf(delta, usable);
  const parameters = {
    alpha,
    blending_method_index: shape,
    blending_schedule_start: start,
    blending_schedule_end: end,
  };
  const blend = action === 0 ? blendKeys(input, { alpha, usable }) : {};
  if (blend === undefined) return { refused: 'blend_violation' };
  const [open, close] = outputs['breaker_logits'] as readonly [number, number];
  return {
    action,
    command: payload(action, { seedId, blueprintId: usable?.blueprintId, parameters, delta }),
    annotations: {
      training_run_id: packet.trainingRunId,
      policy_version: input.version,
      policy_action: String(action),
      policy_param_delta: fixedDecimal(delta, 6),
      policy_value_estimate: fixedDecimal(outputs['value']?.[0] ?? 0, 6),
      policy_risk_index: String(first(outputs['risk_logits'] ?? [], () => true) ?? 0),
      policy_risk_score: fixedDecimal(severity(outputs['risk_logits'] ?? []), 6),
      blending_method: SHAPES[shape] as string,
      blending_schedule_units: 'fraction_0_1',
      blending_schedule_start: fixedDecimal(start, 4),
      blending_schedule_end: fixedDecimal(end, 4),
      breaker_open_score: fixedDecimal(1 / (1 + Math.exp(-open)), 4),
      breaker_close_score: fixedDecimal(1 / (1 + Math.exp(-close)), 4),
      feature_coverage: fixedDecimal(input.coverageRatio, 3),
      ...(seedId === undefined ? {} : { selected_seed: seedId }),
      ...(usable === undefined ? {} : { selected_blueprint: usable.blueprintId }),
      ...(action === 2 ? { reason: 'policy' } : {}),
      ...blend,
    },
  };
}

/** The first index of the largest admitted number. */
function first(values: readonly number[], admits: (index: number) => boolean): number | undefined {
  const admitted = values.map((_, index) => index).filter(admits);
  const peak = Math.max(...admitted.map((index) => values[index] as number));
  return admitted.find((index) => values[index] === peak);
}

function severity(logits: readonly number[]): number {
  const peak = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - peak));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, k) => sum + (weight / total) * (k / (logits.length - 1)), 0);
}

function alphaOf(delta: number, usable: BlueprintDescriptor | undefined): number {
  const { minValue: min = 0, maxValue: max = 1 } = usable?.allowedParameters['alpha'] ?? {};
  const alpha = Math.min(1, Math.max(0, 0.1 + delta));
  return min > max ? alpha : Math.min(1, Math.max(0, Math.min(max, Math.max(min, alpha))));
}

interface PayloadParts {
  readonly seedId: string | undefined;
  readonly blueprintId: string | undefined;
  readonly parameters: Mapping;
  readonly delta: number;
}

function payload(action: number, { seedId, blueprintId, parameters, delta }: PayloadParts): Mapping {
  const breaker = (desiredState: string) => ({
    commandType: 'CIRCUIT_BREAKER',
    circuitBreaker: { desiredState, rationale: 'policy_action' },
  });
  const commands: readonly Mapping[] = [
    { commandType: 'SEED', targetSeedId: seedId, seedOperation: { operation: 'GERMINATE', blueprintId, parameters } },
    { commandType: 'OPTIMIZER', optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr_delta: delta } } },
    { commandType: 'PAUSE' },
    breaker('OPEN'),
    breaker('CLOSED'),
  ];
  return { version: 1, issuedBy: 'tamiyo', ...commands[action] };
}

const MODES = ['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE'] as const;

/** Nothing when no mode is to be named; `undefined` when the operator's mode cannot be served. */
function blendKeys(
  { blend, outputs }: ExpectedDecisionInput,
  { alpha, usable }: { readonly alpha: number; readonly usable: BlueprintDescriptor | undefined },
): Readonly<Record<string, string>> | undefined {
  const channels = usable?.graph?.layers[0]?.outputChannels ?? 0;
  const share = Math.round(alpha * 1e4) / 1e4;
  const servable = channels >= 1 && channels <= Math.min(64, blend.alphaVecMax) && share > 0;
  const named = blend.mode !== undefined && (blend.enabled || blend.mode === 'CONFIDENCE');
  if (!named && !blend.enabled) return {};
  const scores = MODES.map((_, index) => (index === 0 ? 0 : (outputs['policy_params']?.[index] ?? 0)));
  const mode = named
    ? (blend.mode as BlendMode)
    : (MODES[first(scores, (index) => index !== 2 || servable) ?? 0] as BlendMode);
  const keys = { blend_mode: mode, blend_mode_source: named ? 'override' : 'policy' };
  if (mode === 'CHANNEL') {
    return servable
      ? { ...keys, alpha_vec: JSON.stringify(new Array(channels).fill(share)), alpha_vec_len: String(channels) }
      : undefined;
  }
  if (mode !== 'CONFIDENCE') return keys;
  return {
    ...keys,
    gate_k: fixedDecimal(blend.gateK, 4),
    gate_tau: fixedDecimal(blend.gateTau, 4),
    alpha_lo: fixedDecimal(blend.alphaLo, 4),
    alpha_hi: fixedDecimal(blend.alphaHi, 4),
    confidence_logits_required: 'true',
    confidence_logits: JSON.stringify((outputs['policy_logits'] ?? []).slice(0, ACTION_COUNT)),
  };
}
