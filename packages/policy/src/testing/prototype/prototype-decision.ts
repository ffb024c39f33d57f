import { fixedDecimal } from '../../core/decode/fixed-decimal.js';
import type { PrototypeOutput } from './prototype-build.js';
import type { PrototypeSettings } from './prototype-settings.js';
import { isMapping, type Mapping, pyMax, pyMin, stripped, tryInt } from './python-values.js';
import { headOf, type RecordedOutputs, scalarOf } from './recorded-outputs.js';
import type { RecordedPacket } from './recorded-packet.js';

/** What the prototype's decoder has in its hands. */
export interface PrototypeDecisionInput {
  readonly outputs: RecordedOutputs;
  readonly graph: PrototypeOutput;
  readonly packet: RecordedPacket;
  readonly metadata: Mapping;
  readonly methods: readonly string[];
  readonly version: string;
  readonly settings: PrototypeSettings | undefined;
  /** The recorded choice where two logits are too close to tell which wins after softmax. */
  readonly recordedIndex: (head: string, best: number) => number;
}

export type PrototypeDecision =
  | { readonly raises: string; readonly context: Mapping }
  | { readonly command: Mapping; readonly annotations: Readonly<Record<string, string>>; readonly lastAction: Mapping };

/** `f"{value:.nf}"`, names of non-finite numbers included. */
const printed = (value: number, digits: number): string => {
  if (Number.isNaN(value)) return 'nan';
  return Number.isFinite(value) ? fixedDecimal(value, digits) : value > 0 ? 'inf' : '-inf';
};

/** Softmax, then the first largest. One NaN or +Infinity makes every share NaN, and the first wins. */
function softmaxBest(logits: readonly number[]): { readonly index: number; readonly share: number } {
  const peak = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - peak));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!Number.isFinite(total)) return { index: 0, share: Number.NaN };
  const index = logits.indexOf(peak);
  return { index, share: (weights[index] as number) / total };
}

/** The decoder as we read it, one packet with at least one seed. */
export function prototypeDecision(input: PrototypeDecisionInput): PrototypeDecision {
  const chosen = choiceOf(input);
  const { packet } = input;
  const context = { command_id: '', packet_id: packet.packetId, training_run_id: packet.trainingRunId };
  const seedId = stripped(chosen.seed.id);
  const blueprintId = stripped(chosen.blueprint.id);
  if (chosen.action === 0 && seedId === '') return { raises: 'seed command missing target_seed_id', context };
  if (chosen.action === 0 && blueprintId === '') {
    return { raises: 'seed command missing blueprint_id', context: { ...context, seed_id: seedId } };
  }
  const parameters = {
    alpha: pyMax(0, 0.1 + chosen.delta),
    blending_method_index: input.methods.indexOf(chosen.method),
    blending_schedule_start: chosen.schedule[0],
    blending_schedule_end: chosen.schedule[1],
  };
  const command = commandOf(chosen.action, { seedId, blueprintId, parameters, delta: chosen.delta });
  return {
    command,
    annotations: annotationsOf(input, chosen),
    lastAction: {
      action: chosen.action,
      param_delta: chosen.delta,
      blending_method: chosen.method,
      blending_index: chosen.blending,
      value_estimate: chosen.value,
      risk_index: chosen.riskIndex,
      risk_score: chosen.riskScore,
      target_seed: chosen.action === 0 ? seedId : '',
      blueprint_id: chosen.action === 0 ? blueprintId : '',
      blending_schedule_start: chosen.schedule[0],
      blending_schedule_end: chosen.schedule[1],
      selected_seed_index: chosen.seed.index,
      selected_seed_score: Number.isFinite(chosen.seed.score) ? chosen.seed.score : 0,
      selected_blueprint_index: chosen.blueprint.index,
    },
  };
}

type Choice = ReturnType<typeof choiceOf>;

function choiceOf({ outputs, graph, methods, recordedIndex }: PrototypeDecisionInput) {
  const choose = (head: string) => recordedIndex(head, softmaxBest(headOf(outputs, head)).index);
  const blending = choose('blending_logits');
  return {
    action: choose('policy_logits'),
    blending,
    method: methods[blending % methods.length] as string,
    riskIndex: choose('risk_logits'),
    riskScore: softmaxBest(headOf(outputs, 'risk_logits')).share,
    seed: best(headOf(outputs, 'seed_scores'), graph.nodes.seed.ids),
    blueprint: best(headOf(outputs, 'blueprint_scores'), graph.nodes.blueprint.ids),
    delta: scalarOf(outputs, 'param_delta'),
    value: scalarOf(outputs, 'value'),
    schedule: window(headOf(outputs, 'schedule_params')),
  };
}

function annotationsOf(input: PrototypeDecisionInput, chosen: Choice): Readonly<Record<string, string>> {
  const { action, schedule, seed, blueprint } = chosen;
  const [open, close] = headOf(input.outputs, 'breaker_logits').map((logit) => 1 / (1 + Math.exp(-logit)));
  return {
    ...(action === 2 || action > 4 ? { reason: 'policy' } : {}),
    breaker_open_score: printed(open as number, 4),
    breaker_close_score: printed(close as number, 4),
    blending_schedule_units: 'fraction_0_1',
    blending_schedule_start: printed(schedule[0], 4),
    blending_schedule_end: printed(schedule[1], 4),
    policy_action: String(action),
    policy_param_delta: printed(chosen.delta, 6),
    policy_version: input.version,
    blending_method: chosen.method,
    policy_value_estimate: printed(chosen.value, 6),
    policy_risk_index: String(chosen.riskIndex),
    policy_risk_score: printed(chosen.riskScore, 6),
    feature_coverage: printed(meanOf(input.graph.coverage.byKey()), 3),
    selected_seed: seed.id,
    selected_blueprint: blueprint.id,
    ...(action === 0 ? blendKeys(input, chosen.method) : {}),
  };
}

/** Among the ids that are not empty; an earlier one stays unless a later score is greater. */
function best(scores: readonly number[], ids: readonly string[]): { id: string; index: number; score: number } {
  let found = { id: '', index: -1, score: 0 };
  for (const [index, id] of ids.entries()) {
    const score = scores[index] as number;
    if (id !== '' && (found.index < 0 || score > found.score)) found = { id, index, score };
  }
  return found;
}

function window(raw: readonly number[]): readonly [number, number] {
  if (raw.length < 2) return [0, 0];
  const [start, end] = raw.map((value) => pyMax(0, pyMin(1, 0.5 * (value + 1)))) as [number, number];
  return end < start ? [end, start] : [start, end];
}

/** The unweighted mean over keys. */
const meanOf = (coverage: Readonly<Record<string, number>>): number => {
  const values = Object.values(coverage);
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
};

function commandOf(
  action: number,
  given: {
    readonly seedId: string;
    readonly blueprintId: string;
    readonly parameters: Mapping;
    readonly delta: number;
  },
): Mapping {
  const base = { version: 1, issuedBy: 'tamiyo' };
  const { seedId, blueprintId, parameters, delta } = given;
  const breaker = (desiredState: string) => ({
    ...base,
    commandType: 'COMMAND_CIRCUIT_BREAKER',
    circuitBreaker: { desiredState, rationale: 'policy_action' },
  });
  if (action === 0) {
    const seedOperation = { operation: 'SEED_OP_GERMINATE', blueprintId, parameters };
    return { ...base, commandType: 'COMMAND_SEED', targetSeedId: seedId, seedOperation };
  }
  if (action === 1) {
    const optimizerAdjustment = { optimizerId: 'sgd', hyperparameters: { lr_delta: delta } };
    return { ...base, commandType: 'COMMAND_OPTIMIZER', optimizerAdjustment };
  }
  if (action === 3) return breaker('CIRCUIT_STATE_OPEN');
  return action === 4 ? breaker('CIRCUIT_STATE_CLOSED') : { ...base, commandType: 'COMMAND_PAUSE' };
}

const MODES = ['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE'];

function blendKeys(input: PrototypeDecisionInput, method: string): Readonly<Record<string, string>> {
  const { settings } = input;
  if (settings === undefined) return {};
  const mode = modeOf(settings, stripped(method).toUpperCase());
  if (mode !== 'CONFIDENCE' && !settings.enabled) return {};
  const keys = { blend_mode: mode, blend_mode_source: method === '' ? 'override' : 'policy' };
  if (mode === 'CHANNEL') return { ...keys, ...channelKeys(settings, input.metadata) };
  return mode === 'CONFIDENCE' ? { ...keys, ...confidenceKeys(settings, input.outputs) } : keys;
}

/** The method when it happens to be a mode; else the configured one, when the feature is on and it is one. */
function modeOf(settings: PrototypeSettings, asked: string): string {
  if (MODES.includes(asked)) return asked;
  return settings.enabled && MODES.includes(settings.mode) ? settings.mode : 'CONVEX';
}

const confidenceKeys = (settings: PrototypeSettings, outputs: RecordedOutputs) => ({
  gate_k: printed(settings.gateK, 4),
  gate_tau: printed(settings.gateTau, 4),
  alpha_lo: printed(pyMax(0, pyMin(1, settings.alphaLo)), 4),
  alpha_hi: printed(pyMax(0, pyMin(1, settings.alphaHi)), 4),
  confidence_logits_required: 'true',
  confidence_logits: JSON.stringify(headOf(outputs, 'blending_logits')),
});

/** As many zeros as the first layer has output channels, when that is known and small. */
function channelKeys(settings: PrototypeSettings, metadata: Mapping): Readonly<Record<string, string>> {
  const graph = metadata['graph'];
  const layers = isMapping(graph) ? graph['layers'] : undefined;
  const first: unknown = Array.isArray(layers) ? layers[0] : undefined;
  const channels =
    isMapping(first) && Object.hasOwn(first, 'output_channels') ? tryInt(first['output_channels']) : undefined;
  if (channels === undefined || channels <= 0 || channels > Math.max(1, settings.vectorMax)) return {};
  if (5 * channels > 1024) return {}; // `[0.0, 0.0, …]` takes five characters each.
  return { alpha_vec: JSON.stringify(new Array(channels).fill(0)), alpha_vec_len: String(channels) };
}
