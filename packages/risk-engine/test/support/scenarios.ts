import type { BlueprintDescriptor, CommandDraft, CommandType, SafetySheet } from '@esper/leyline';
import {
  askBreaker,
  forceBreaker,
  initialRiskState,
  onFailure,
  type RiskConfig,
  type RiskInput,
  type RiskState,
  resolveRiskConfig,
  setConservative,
} from '../../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith, momentAt, seedDraft } from '../../src/testing.js';

/** One assessment worth freezing whole. */
export interface Scenario {
  readonly name: string;
  readonly input: RiskInput;
  readonly state?: (config: RiskConfig) => RiskState;
  readonly config?: RiskConfig;
}

const NAN = Number.NaN;
const INFINITE = Number.POSITIVE_INFINITY;

const draftOf = (commandType: CommandType, over: Partial<CommandDraft> = {}): CommandDraft => {
  const { seedOperation: _seed, ...bare } = seedDraft(over);
  return { ...bare, commandType };
};
const OPTIMIZER = draftOf('OPTIMIZER');

const scored = (riskScore: RiskInput['policy']['riskScore'], over: Partial<RiskInput['policy']> = {}): RiskInput =>
  calmInput({ policy: { riskScore, version: 'p', ...over } });

const described = (descriptor: Partial<BlueprintDescriptor>, over: Partial<RiskInput> = {}): RiskInput =>
  calmInput({ blueprint: { kind: 'known', descriptor: calmBlueprint(descriptor) }, ...over });

const sheeted = (sheet: Partial<Record<keyof SafetySheet, unknown>>, over: Partial<RiskInput> = {}): RiskInput =>
  described({ sheet: { signature: 'valid', provenance: 'urabrask', ...sheet } as SafetySheet }, over);

const beyond = resolveRiskConfig({ evaluators: { multi_signal: 'enforce', rollback: 'enforce' } });
const validated = resolveRiskConfig({ evaluators: { validation: 'enforce' } });
const quick = resolveRiskConfig({ conservative: { goodDecisionsMin: 1, dwellMs: 5000, dwellDecisions: 2 } });

/** Conservative mode on since five seconds, by an operator or by three late inferences. */
const held = (config: RiskConfig): RiskState =>
  setConservative(initialRiskState(config), { who: 'ada', why: 'looking' }, momentAt(-5000)).state;

const failing = (config: RiskConfig): RiskState => {
  let state = initialRiskState(config);
  for (let n = 3; n >= 1; n -= 1) {
    state = onFailure(state, { kind: 'timeout_inference', code: 'LATE', at: momentAt(-1000 * n) }, config).state;
  }
  const order = { who: 'ada', why: 'broken' };
  const forced = { name: 'metadata', kind: 'forced_open', order, at: momentAt(-500) } as const;
  return forceBreaker(askBreaker(state, { name: 'inference', at: momentAt(-600) }, config).state, forced, config).state;
};

const grown =
  (over: Partial<RiskState> = {}) =>
  (config: RiskConfig): RiskState => ({
    ...initialRiskState(config),
    clock: { elapsedMs: 0, monoMs: 0, offsetMs: momentAt(0).wallMs },
    decisions: 30,
    lastValidationLoss: 1,
    adaptations: [
      { seedId: 'seed-3', blueprintId: 'bp-3', decision: 4 },
      { seedId: 'seed-7', blueprintId: 'bp-7', decision: 25 },
    ],
    ...over,
  });

const paused = (escalation: 'page' | 'emergency', mode: 'shadow' | 'enforce' = 'enforce'): Omit<Scenario, 'name'> => ({
  input: inputWith({ hook_latency_ms: 60 }),
  state: grown({ pauseQuota: { pausesMs: [-2000, -1000] } }),
  config: resolveRiskConfig({ pauseQuota: { mode, pausesMax: 2, escalation } }),
});

const POLICY: readonly Scenario[] = [
  { name: 'calm', input: calmInput() },
  { name: 'policy risk critical', input: scored(0.98) },
  { name: 'policy risk elevated', input: scored(0.85, { riskIndex: 4.7 }) },
  { name: 'policy risk elevated, no seed', input: { ...scored(0.9), draft: OPTIMIZER } },
  { name: 'policy risk is text', input: scored('high', { riskIndex: 'none' }) },
  { name: 'policy risk is infinite, no seed', input: { ...scored(INFINITE), draft: OPTIMIZER } },
  { name: 'policy risk absent', input: scored(undefined) },
  { name: 'policy expired', input: scored(0.1, { expired: true }) },
  {
    name: 'policy expired, pruning',
    input: { ...scored(0.1, { expired: true }), draft: draftOf('STRUCTURAL_PRUNING') },
  },
  { name: 'policy expired, optimizer', input: { ...scored(0.1, { expired: true }), draft: OPTIMIZER } },
  { name: 'mode held by an operator', input: calmInput(), state: held },
  { name: 'mode on, breakers open', input: calmInput(), state: failing },
  {
    name: 'mode ends',
    input: calmInput({ draft: OPTIMIZER }),
    state: (config) => ({ ...endingMode(config) }),
    config: quick,
  },
  { name: 'both calls late', input: calmInput({ timeouts: { inference: true, metadata: true } }) },
  { name: 'no call late', input: calmInput({ timeouts: { inference: false, metadata: false } }) },
];

/** On for long enough, one good decision short of the end. */
function endingMode(config: RiskConfig): RiskState {
  const state = held(config);
  return state.mode.kind === 'off'
    ? state
    : { ...state, mode: { ...state.mode, reason: 'loss_spike', automatic: true, decisions: 1, hold: null } };
}

const BLUEPRINTS: readonly Scenario[] = [
  { name: 'blueprint in quarantine', input: described({ quarantineOnly: true, tier: 'EXPERIMENTAL' }) },
  { name: 'blueprint risk of a quarantine', input: described({ risk: 0.8, tier: 'HIGH_RISK' }) },
  { name: 'blueprint risk elevated', input: described({ risk: 0.5 }) },
  { name: 'blueprint risk elevated, no seed', input: described({ risk: 0.6 }, { draft: OPTIMIZER }) },
  { name: 'blueprint risk unreadable', input: described({ risk: NAN }) },
  { name: 'blueprint risk unreadable, no seed', input: described({ risk: NAN }, { draft: OPTIMIZER }) },
  { name: 'blueprint risk is text', input: described({ risk: 'low' as never }) },
  { name: 'blueprint needs approval', input: described({ approvalRequired: true }) },
  { name: 'blueprint missing', input: calmInput({ blueprint: { kind: 'missing', blueprintId: 'bp-x' } }) },
  { name: 'blueprint never looked up', input: calmInput({ blueprint: { kind: 'none' } }) },
  { name: 'no blueprint and no seed', input: calmInput({ blueprint: { kind: 'none' }, draft: OPTIMIZER }) },
  {
    name: 'a seed without an operation',
    input: calmInput({ blueprint: { kind: 'none' }, draft: draftOf('SEED') }),
  },
  {
    name: 'sheet says all',
    input: sheeted({ hazardBand: 'LOW', handlingClass: 'restricted', resourceProfile: 'gpu', riskScore: 0.25 }),
  },
  { name: 'sheet says the mildest', input: sheeted({ hazardBand: 'MEDIUM', handlingClass: 'standard' }) },
  { name: 'sheet says nothing', input: described({ sheet: { signature: 'unchecked' } }) },
  { name: 'sheet handling quarantine', input: sheeted({ handlingClass: 'Quarantine' }) },
  { name: 'sheet hazard critical', input: sheeted({ hazardBand: 'critical' }, { draft: OPTIMIZER }) },
  { name: 'sheet hazard high', input: sheeted({ hazardBand: 'HIGH' }) },
  {
    name: 'sheet hazard high, no seed',
    input: sheeted({ hazardBand: 'high', provenance: undefined }, { draft: OPTIMIZER }),
  },
  { name: 'sheet hazard misspelt', input: sheeted({ hazardBand: 'CR1TICAL' }) },
  { name: 'sheet handling misspelt', input: sheeted({ handlingClass: 'quarantined' }) },
  { name: 'sheet signature invalid', input: sheeted({ signature: 'invalid' }) },
  {
    name: 'sheet signature absent where required',
    input: sheeted({ signature: 'absent' }),
    config: resolveRiskConfig({ sheet: { signature: 'required' } }),
  },
  { name: 'sheet raises the risk', input: sheeted({ riskScore: 0.6 }) },
  { name: 'sheet risk unreadable', input: sheeted({ riskScore: NAN }) },
  { name: 'sheet risk is text', input: sheeted({ riskScore: 'low' }) },
];

const SIGNALS: readonly Scenario[] = [
  { name: 'loss spike', input: inputWith({ loss_delta: 0.2 }) },
  { name: 'loss warning', input: inputWith({ loss_delta: 0.1 }) },
  { name: 'loss warning, no seed', input: inputWith({ loss_delta: 0.1 }, { draft: OPTIMIZER }) },
  { name: 'loss unreadable', input: calmInput({ packet: calmPacket({ validationLoss: NAN }) }) },
  {
    name: 'loss is text, no seed',
    input: calmInput({ draft: OPTIMIZER, packet: calmPacket({ validationLoss: 'nan' }) }),
  },
  {
    name: 'everything slow',
    input: inputWith({
      hook_latency_ms: 50.5,
      step_latency_ms: 121,
      'kasmina.apply_ms': 31,
      'kasmina.finalize_ms': 32,
    }),
  },
  {
    name: 'kasmina slow, no seed',
    input: inputWith({ 'kasmina.apply_ms': 31, 'kasmina.finalize_ms': 32 }, { draft: OPTIMIZER }),
  },
  {
    name: 'everything just in time',
    input: inputWith({ hook_latency_ms: 50, step_latency_ms: 120, 'kasmina.apply_ms': 30, 'kasmina.finalize_ms': 30 }),
  },
  { name: 'hook latency infinite', input: inputWith({ hook_latency_ms: INFINITE, 'kasmina.apply_ms': -INFINITE }) },
  { name: 'isolation violated', input: inputWith({ 'kasmina.isolation.violations': 2 }) },
  { name: 'device full', input: inputWith({ gpu_util_percent: 95, gpu_mem_free_gb: 0.2, cpu_util_percent: 99 }) },
  {
    name: 'device full, no seed',
    input: inputWith({ gpu_util_percent: 99, gpu_mem_free_gb: 0.1 }, { draft: OPTIMIZER }),
  },
  { name: 'device use unreadable', input: inputWith({ gpu_util_percent: NAN, gpu_mem_free_gb: 0.1 }) },
  { name: 'device memory unreadable', input: inputWith({ gpu_util_percent: 99, gpu_mem_free_gb: 'little' }) },
  {
    name: 'device memory unreadable, no seed',
    input: inputWith({ gpu_util_percent: 99, gpu_mem_free_gb: NAN }, { draft: OPTIMIZER }),
  },
  { name: 'device memory unreadable, device idle', input: inputWith({ gpu_util_percent: 9, gpu_mem_free_gb: NAN }) },
  { name: 'device use unreadable, memory free', input: inputWith({ gpu_util_percent: NAN, gpu_mem_free_gb: 9 }) },
  { name: 'both of the device unreadable', input: inputWith({ gpu_util_percent: NAN, gpu_mem_free_gb: NAN }) },
  { name: 'processor busy', input: inputWith({ cpu_util_percent: 95 }) },
  { name: 'processor unreadable', input: inputWith({ cpu_util_percent: NAN }) },
  { name: 'optimizer hints', input: inputWith({ loss_volatility: 0.2, grad_var: 1.5, grad_conflict_rate: 0.75 }) },
  {
    name: 'optimizer hints, no seed',
    input: inputWith({ loss_volatility: 0.2, grad_var: 1.5, grad_conflict_rate: 0.75 }, { draft: OPTIMIZER }),
  },
  { name: 'learning rate stuck', input: inputWith({ loss_delta: 0.1, optimizer_lr: 0 }) },
  {
    name: 'learning rate stuck, no seed',
    input: inputWith({ loss_delta: 0.1, optimizer_lr: -0.5 }, { draft: OPTIMIZER }),
  },
  { name: 'learning rate unreadable, loss rising', input: inputWith({ loss_delta: 0.1, optimizer_lr: NAN }) },
  { name: 'learning rate unreadable, loss still', input: inputWith({ loss_delta: 0, optimizer_lr: NAN }) },
  { name: 'learning rate stuck, loss unreadable', input: inputWith({ loss_delta: NAN, optimizer_lr: 0 }) },
  {
    name: 'learning rate stuck, loss unreadable, no seed',
    input: inputWith({ loss_delta: NAN, optimizer_lr: 0 }, { draft: OPTIMIZER }),
  },
  { name: 'learning rate and loss unreadable', input: inputWith({ loss_delta: NAN, optimizer_lr: 'fast' }) },
  { name: 'coverage critical', input: calmInput({ coverage: { ratio: 0.1, byType: {}, missing: 18 } }) },
  {
    name: 'coverage critical, no seed',
    input: calmInput({ draft: OPTIMIZER, coverage: { ratio: 0.05, byType: {}, missing: 19 } }),
  },
  { name: 'coverage low', input: calmInput({ coverage: { ratio: 0.25, byType: {}, missing: 15 } }) },
  { name: 'coverage absent', input: calmInput({ coverage: undefined }) },
  { name: 'coverage unreadable', input: calmInput({ coverage: { ratio: NAN, byType: {}, missing: 0 } }) },
];

const hot = (level: number) => ({ gradient_norm: 5 + 15 * level, step_latency_ms: 100 + 400 * level });

const validatedInput = (
  availableMemoryGb: number | string,
  trainingMetrics: Record<string, number> = { loss_volatility: 0.31, gradient_norm: 10.5 },
): RiskInput =>
  calmInput({ packet: calmPacket({ trainingMetrics, hardwareContext: { totalMemoryGb: 100, availableMemoryGb } }) });

const BEYOND: readonly Scenario[] = [
  { name: 'level yellow', input: inputWith({ gradient_norm: 5 + 15 * 0.3 }), config: beyond },
  {
    name: 'level yellow, no seed',
    input: inputWith({ gradient_norm: 5 + 15 * 0.4 }, { draft: OPTIMIZER }),
    config: beyond,
  },
  { name: 'level orange', input: inputWith({ gradient_norm: 5 + 15 * 0.5 }), config: beyond },
  { name: 'level red', input: inputWith({ gradient_norm: 5 + 15 * 0.75 }), config: beyond },
  { name: 'level critical', input: inputWith(hot(1)), config: beyond },
  {
    name: 'level critical by three hot dimensions',
    input: calmInput({
      packet: calmPacket({
        trainingMetrics: { ...hot(0.85), loss_volatility: 0 },
        hardwareContext: { totalMemoryGb: 100, availableMemoryGb: 6 },
        seedStates: [{ seedId: 's', stage: 'TRAINING', riskScore: 0.25, metrics: {} }],
      }),
    }),
    config: beyond,
  },
  {
    name: 'level of unreadable signals',
    input: inputWith({ gradient_norm: NAN, loss_volatility: 'n/a' }),
    config: beyond,
  },
  { name: 'level in shadow', input: inputWith({ gradient_norm: 99 }) },
  {
    name: 'rollback',
    input: calmInput({ packet: calmPacket({ validationLoss: 1.5 }) }),
    state: grown(),
    config: beyond,
  },
  {
    name: 'rollback for an unreadable loss',
    input: calmInput({ packet: calmPacket({ validationLoss: NAN }) }),
    state: grown(),
    config: beyond,
  },
  { name: 'rollback for the level', input: inputWith({ gradient_norm: 99 }), state: grown(), config: beyond },
  {
    name: 'rollback spent',
    input: calmInput({ packet: calmPacket({ validationLoss: 1.5 }) }),
    state: grown({ rollbacks: 3 }),
    config: beyond,
  },
  { name: 'rollback in shadow', input: calmInput({ packet: calmPacket({ validationLoss: 1.5 }) }), state: grown() },
  {
    name: 'rollback proposed already',
    input: calmInput({
      packet: calmPacket({ validationLoss: 1.5 }),
      draft: draftOf('ROLLBACK', { rollback: { tier: 'full', reason: 'asked' } }),
    }),
    state: grown(),
    config: beyond,
  },
  { name: 'validation of everything', input: validatedInput(8), config: validated },
  { name: 'validation of everything, no seed', input: { ...validatedInput(8), draft: OPTIMIZER }, config: validated },
  {
    name: 'validation just passed',
    input: validatedInput(15, { loss_volatility: 0.1, gradient_norm: 10 }),
    config: validated,
  },
  { name: 'validation of unreadable signals', input: validatedInput('all', { gradient_norm: NAN }), config: validated },
  { name: 'pause quota pages', ...paused('page') },
  { name: 'pause quota halts', ...paused('emergency') },
  { name: 'pause quota in shadow', ...paused('emergency', 'shadow') },
  {
    name: 'latency in shadow',
    input: inputWith({ hook_latency_ms: 60 }),
    config: resolveRiskConfig({ evaluators: { latency: 'shadow' } }),
  },
  { name: 'loss off', input: inputWith({ loss_delta: 9 }), config: resolveRiskConfig({ evaluators: { loss: 'off' } }) },
];

const PROPOSALS: readonly Scenario[] = [
  ...(['OPTIMIZER', 'PAUSE', 'ROLLBACK', 'EMERGENCY', 'STRUCTURAL_PRUNING'] as const).map((type) => ({
    name: `hook latency against ${type}`,
    input: inputWith({ hook_latency_ms: 60 }, { draft: draftOf(type) }),
  })),
  ...(['OPEN', 'CLOSED'] as const).map((desiredState) => ({
    name: `hook latency against a breaker command ${desiredState}`,
    input: inputWith(
      { hook_latency_ms: 60 },
      { draft: draftOf('CIRCUIT_BREAKER', { circuitBreaker: { desiredState, rationale: 'r' } }) },
    ),
  })),
  {
    name: 'what the proposal brought along',
    input: inputWith(
      { grad_var: 2 },
      {
        draft: seedDraft({
          annotations: {
            kept: 'yes',
            risk_reason: 'x',
            risk_constraints: 'x',
            blueprint_tier: 'x',
            blueprint_stage: 'x',
            blueprint_risk: 'x',
            bsds_hazard_band: 'x',
            bsds_handling_class: 'x',
            bsds_resource_profile: 'x',
            bsds_provenance: 'x',
            bsds_risk: 'x',
          },
        }),
        blueprint: { kind: 'none' },
      },
    ),
    config: resolveRiskConfig({ signals: { blueprint: { presence: 'optional' } }, digest: 'ab'.repeat(32) }),
  },
  {
    name: 'many reasons at once',
    input: inputWith(
      { loss_delta: 0.2, hook_latency_ms: 60, grad_var: 2, 'kasmina.isolation.violations': 1 },
      { policy: { riskScore: 0.9, version: 'p' }, coverage: { ratio: 0.05, byType: {}, missing: 19 } },
    ),
  },
];

/** Every scenario, in the order of the golden file. */
export const SCENARIOS: readonly Scenario[] = [...POLICY, ...BLUEPRINTS, ...SIGNALS, ...BEYOND, ...PROPOSALS];
