import type { BlendMode, BlueprintDescriptor } from '@esper/leyline';
import { fixedDecimal } from '../../core/decode/fixed-decimal.js';
import { riskOf } from './expected-wants.js';
import type { Mapping } from './python-values.js';
import { headOf, type RecordedOutputs, scalarOf } from './recorded-outputs.js';
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
  if (!allFinite(input)) return { refused: 'nonfinite_output' };
  const chosen = choice(input);
  const missing = chosen.action === 0 ? missingDependency(input.packet, chosen) : undefined;
  return missing ?? proposal(input, chosen);
}

function allFinite({ outputs, entry }: ExpectedDecisionInput): boolean {
  const heads = entry === undefined ? HEADS : [...HEADS, 'blueprint_scores'];
  return heads.every((head) => headOf(outputs, head).every(Number.isFinite));
}

interface Chosen {
  readonly action: number;
  readonly seedId: string | undefined;
  readonly usable: BlueprintDescriptor | undefined;
}

function choice({ outputs, packet, entry }: ExpectedDecisionInput): Chosen {
  const row = first(headOf(outputs, 'seed_scores'), (index) => graftable(packet.seeds[index] as RecordedSeed));
  const busy = row === undefined && packet.seeds.some(({ seedId }) => isVisible(seedId));
  const logits = headOf(outputs, 'policy_logits').slice(0, ACTION_COUNT);
  return {
    action: first(logits, (index) => index > 0 || !busy) as number,
    seedId: row === undefined ? undefined : (packet.seeds[row] as RecordedSeed).seedId,
    usable: entry !== undefined && riskOf(entry) !== undefined ? entry : undefined,
  };
}

function missingDependency(packet: RecordedPacket, { seedId, usable }: Chosen): ExpectedDecision | undefined {
  const context = { command_id: '<unset>', packet_id: packet.packetId, training_run_id: packet.trainingRunId };
  if (seedId === undefined) return { refused: 'seed command missing target_seed_id', context };
  if (usable !== undefined) return undefined;
  return { refused: 'seed command missing blueprint_id', context: { ...context, seed_id: seedId } };
}

function proposal(input: ExpectedDecisionInput, chosen: Chosen): ExpectedDecision {
  const { outputs } = input;
  const { action, usable } = chosen;
  const delta = scalarOf(outputs, 'policy_params');
  const alpha = alphaOf(delta, usable);
  const shape = first(headOf(outputs, 'blending_logits'), () => true) as number;
  const window = headOf(outputs, 'schedule_params').map((raw) => Math.min(1, Math.max(0, (raw + 1) / 2)));
  const [start, end] = [Math.min(...window), Math.max(...window)];
  const parameters = {
    alpha,
    blending_method_index: shape,
    blending_schedule_start: start,
    blending_schedule_end: end,
  };
  const blend = action === 0 ? blendKeys(input, usable) : {};
  if (blend === undefined) return { refused: 'blend_violation' };
  const names = { seedId: chosen.seedId, blueprintId: usable?.blueprintId };
  return {
    action,
    command: payload(action, { ...names, parameters, delta }),
    annotations: {
      ...said(input),
      policy_action: String(action),
      blending_method: SHAPES[shape] as string,
      blending_schedule_start: fixedDecimal(start, 4),
      blending_schedule_end: fixedDecimal(end, 4),
      ...(names.seedId === undefined ? {} : { selected_seed: names.seedId }),
      ...(names.blueprintId === undefined ? {} : { selected_blueprint: names.blueprintId }),
      ...(action === 2 ? { reason: 'policy' } : {}),
      ...blend,
    },
  };
}

/** What every proposal says, whatever was chosen. */
function said({ outputs, packet, version, coverageRatio }: ExpectedDecisionInput): Readonly<Record<string, string>> {
  const risk = headOf(outputs, 'risk_logits');
  const [open, close] = headOf(outputs, 'breaker_logits').map((logit) => 1 / (1 + Math.exp(-logit)));
  return {
    training_run_id: packet.trainingRunId,
    policy_version: version,
    policy_param_delta: fixedDecimal(scalarOf(outputs, 'policy_params'), 6),
    policy_value_estimate: fixedDecimal(scalarOf(outputs, 'value'), 6),
    policy_risk_index: String(first(risk, () => true)),
    policy_risk_score: fixedDecimal(severity(risk), 6),
    blending_schedule_units: 'fraction_0_1',
    breaker_open_score: fixedDecimal(open as number, 4),
    breaker_close_score: fixedDecimal(close as number, 4),
    feature_coverage: fixedDecimal(coverageRatio, 3),
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
  input: ExpectedDecisionInput,
  usable: BlueprintDescriptor | undefined,
): Readonly<Record<string, string>> | undefined {
  const { blend } = input;
  const named = blend.enabled || blend.mode === 'CONFIDENCE' ? blend.mode : undefined;
  if (named === undefined && !blend.enabled) return {};
  const vector = channelVector(blend, usable);
  const mode = named ?? policyMode(input, vector.length > 0);
  const keys = { blend_mode: mode, blend_mode_source: named === undefined ? 'policy' : 'override' };
  if (mode === 'CONFIDENCE') return { ...keys, ...confidenceKeys(input) };
  if (mode !== 'CHANNEL') return keys;
  return vector.length === 0
    ? undefined
    : { ...keys, alpha_vec: JSON.stringify(vector), alpha_vec_len: String(vector.length) };
}

/** The best of RESIDUAL, CHANNEL and CONFIDENCE by their scores, or CONVEX when none is above 0. */
function policyMode({ outputs }: ExpectedDecisionInput, channels: boolean): BlendMode {
  const scores = [0, ...headOf(outputs, 'policy_params').slice(1, MODES.length)];
  return MODES[first(scores, (index) => index !== 2 || channels) as number] as BlendMode;
}

/** The embedding is zero here, so that every channel has the factor 1; empty when it cannot be served. */
function channelVector({ alphaVecMax }: ExpectedBlend, usable: BlueprintDescriptor | undefined): readonly number[] {
  const channels = usable?.graph?.layers[0]?.outputChannels ?? 0;
  return channels <= Math.min(64, alphaVecMax) ? new Array<number>(channels).fill(1) : [];
}

const confidenceKeys = ({ blend, outputs }: ExpectedDecisionInput) => ({
  gate_k: fixedDecimal(blend.gateK, 4),
  gate_tau: fixedDecimal(blend.gateTau, 4),
  alpha_lo: fixedDecimal(blend.alphaLo, 4),
  alpha_hi: fixedDecimal(blend.alphaHi, 4),
  confidence_logits_required: 'true',
  confidence_logits: JSON.stringify(headOf(outputs, 'policy_logits').slice(0, ACTION_COUNT)),
});
