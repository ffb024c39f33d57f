import type { Rules } from './deviation-table.js';
import { naiveBlueprint, naiveSheet } from './naive-blueprint.js';
import { type NaiveCall, type NaiveStep, naiveFailure, naiveSuccess } from './naive-breaker.js';
import {
  NaiveRaise,
  naiveHints,
  naiveIsolation,
  naiveLatency,
  naiveLoss,
  naiveMode,
  naivePolicyRisk,
} from './naive-evaluators.js';
import { type Act, CRITICAL, INFO, NaiveRun } from './naive-run.js';
import {
  comparedMode,
  type Outcome,
  refusedOutcome,
  type Scenario,
  type VectorEvent,
  type VectorMode,
} from './vector-line.js';

/** An outcome of the naive model, and the mode with everything the prototype remembers of it. */
export interface NaiveOutcome {
  readonly outcome: Outcome;
  readonly fullMode: VectorMode;
}

const callOf = (run: NaiveRun, component: string): NaiveCall => ({
  component,
  nowS: run.scenario.nowS,
  threshold: run.scenario.breaker.threshold,
  cooldownS: run.scenario.breaker.cooldownS,
  rules: run.rules,
});

function naiveTimeouts(run: NaiveRun): void {
  const { timedOut, blueprintTimeout } = run.scenario;
  const inference = callOf(run, 'inference');
  const first: NaiveStep = timedOut
    ? naiveFailure(run.inference, 'timeout_inference', inference)
    : naiveSuccess(run.inference, inference);
  run.inference = first.breaker;
  if (first.event !== null) run.events.push(first.event);
  if (timedOut) naiveTimeout(run, 'timeout_inference');
  const metadata = callOf(run, 'metadata');
  const second = blueprintTimeout
    ? naiveFailure(run.metadata, 'timeout_urza', metadata)
    : naiveSuccess(run.metadata, metadata);
  run.metadata = second.breaker;
  if (second.event !== null) run.events.push(second.event);
  if (blueprintTimeout) naiveTimeout(run, 'timeout_urza');
}

function naiveTimeout(run: NaiveRun, reason: 'timeout_inference' | 'timeout_urza'): void {
  const enters = reason === 'timeout_inference';
  if (run.our('DEV-RE-03')) {
    run.emit(reason, CRITICAL, { training_run_id: 'run', packet_id: 'pkt', reason });
    run.act({ reason, action: 'pause', enters, level: CRITICAL, standing: false }, 'assign');
  } else if (run.reason === null) run.reason = reason;
  if (enters) run.enter(reason);
}

/** Nothing timed out and both breakers are closed. */
const calm = ({ scenario, inference, metadata }: NaiveRun): boolean =>
  !scenario.timedOut && !scenario.blueprintTimeout && inference[0] === 1 && metadata[0] === 1;

/** Evaluators 10 and 11 of the prototype, or the dwell of DEV-RE-04. */
function naiveRecovery(run: NaiveRun): void {
  if (run.reason === null && run.type === 'COMMAND_PAUSE' && run.mode.mode) run.reason = 'conservative_mode';
  if (run.our('DEV-RE-04') || !calm(run)) return;
  if (run.mode.last_reason === null || run.mode.last_reason === '') {
    run.mode = { ...run.mode, last_reason: 'stabilised' };
  }
  if (run.mode.mode) naiveExit(run);
}

function naiveExit(run: NaiveRun): void {
  const { last_reason: previous, last_enter_s: entered } = run.mode;
  run.emit('conservative_exited', INFO, {
    reason: 'stabilised',
    ...(previous === null || previous === '' ? {} : { previous_reason: previous }),
    ...(entered === null || entered === 0
      ? {}
      : { duration_s: run.fixed(Math.max(0, run.scenario.nowS - entered), 3) }),
  });
  run.mode = { mode: false, enabled: false, last_reason: null, last_enter_s: null };
}

const GRAVITY = (act: Act): readonly number[] => [
  act.action === 'pause' ? 1 : 0,
  act.enters ? 1 : 0,
  act.level,
  act.standing ? 0 : 1,
];

const graverThan = (a: Act, b: Act): boolean => {
  const left = GRAVITY(a);
  const right = GRAVITY(b);
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
};

/** How careful the proposal is, on the scale none 0, downgrade 1, breaker open 2, pause 3, rollback 4, emergency 5. */
function rankOf({ type, command }: Scenario): number {
  const ranks: Record<string, number> = {
    COMMAND_OPTIMIZER: 1,
    COMMAND_PAUSE: 3,
    COMMAND_ROLLBACK: 4,
    COMMAND_EMERGENCY: 5,
  };
  const opening = type === 'COMMAND_CIRCUIT_BREAKER' && command.circuitBreaker?.desiredState === 'CIRCUIT_STATE_OPEN';
  return opening ? 2 : (ranks[type] ?? 0);
}

const gravest = (acts: readonly Act[]): Act | undefined =>
  acts.reduce<Act | undefined>(
    (worst, act) => (worst === undefined || graverThan(act, worst) ? act : worst),
    undefined,
  );

/** DEV-RE-01: the gravest act decides. */
function naiveFold(run: NaiveRun): void {
  const deciding = gravest(run.acts);
  const brought = run.our('DEV-RE-06') ? null : (run.scenario.annotations['risk_reason'] ?? null);
  run.reason = deciding?.reason ?? brought;
  run.type = run.scenario.type;
  if (deciding?.action === 'pause') run.type = 'COMMAND_PAUSE';
  if (deciding?.action === 'downgrade') run.type = 'COMMAND_OPTIMIZER';
  run.downgraded = deciding?.action === 'downgrade';
}

/** DEV-RE-07: unless the proposal is as careful already. */
function naiveGraver(run: NaiveRun): void {
  if (rankOf(run.scenario) < (run.type === 'COMMAND_PAUSE' ? 3 : 1)) return;
  run.type = run.scenario.type;
  run.downgraded = false;
}

/** DEV-RE-12: what the breakers said comes first; DEV-RE-04 needs no entry of its own here. */
function naiveEvents(run: NaiveRun): readonly VectorEvent[] {
  if (!run.our('DEV-RE-12')) return run.events;
  const isBreaker = ([description]: VectorEvent): boolean => description === 'breaker_event';
  return [...run.events.filter(isBreaker), ...run.events.filter((event) => !isBreaker(event))];
}

function payloadOf({ command }: Scenario): string | null {
  if (command.seedOperation !== undefined) return 'seed_operation';
  if (command.optimizerAdjustment !== undefined) return 'optimizer_adjustment';
  if (command.circuitBreaker !== undefined) return 'circuit_breaker';
  return command.rollbackPayload === undefined ? null : 'rollback_payload';
}

function payloadOutcome(run: NaiveRun): Pick<Outcome, 'payload' | 'optimizerId' | 'hyperparameters'> {
  const before = run.scenario.command.optimizerAdjustment;
  const hyperparameters = Object.fromEntries(
    Object.entries(before?.hyperparameters ?? {}).map(([key, value]) => [key, Math.fround(value)]),
  );
  if (run.downgraded) {
    return {
      payload: 'optimizer_adjustment',
      optimizerId: 'sgd',
      hyperparameters: run.our('DEV-RE-14') ? {} : hyperparameters,
    };
  }
  return {
    payload: payloadOf(run.scenario),
    optimizerId: before === undefined ? null : (before.optimizerId ?? ''),
    hyperparameters,
  };
}

const THRESHOLD_ORDER = [
  ['max_loss_spike', 'loss.spikeMax'],
  ['hook_budget_ms', 'latency.hookMsMax'],
  ['step_latency_high_ms', 'latency.stepMsMax'],
  ['kasmina_apply_slow_ms', 'latency.applyMsMax'],
  ['kasmina_finalize_slow_ms', 'latency.finalizeMsMax'],
] as const;

/** DEV-RE-09 and DEV-RE-08: what is refused before anything is judged. */
function refusal(scenario: Scenario, rules: Rules): string | null {
  if (rules.has('DEV-RE-09')) {
    const bad = THRESHOLD_ORDER.find(([key]) => !(scenario.limits[key] >= 0 && Number.isFinite(scenario.limits[key])));
    if (bad !== undefined) return `config ${bad[1]}`;
  }
  return rules.has('DEV-RE-08') && scenario.type === 'COMMAND_UNKNOWN' ? 'RISK_COMMAND_UNKNOWN' : null;
}

/** The naive model: with no rules the prototype, with all rules what the product promises, with some what is between. */
export function runNaive(scenario: Scenario, rules: Rules): NaiveOutcome {
  const refused = refusal(scenario, rules);
  if (refused !== null) return { outcome: refusedOutcome(refused), fullMode: scenario.mode };
  const run = new NaiveRun(scenario, rules);
  try {
    for (const evaluate of EVALUATE) evaluate(run);
  } catch (error) {
    if (!(error instanceof NaiveRaise)) throw error;
    return { outcome: refusedOutcome(error.message), fullMode: run.mode };
  }
  if (run.our('DEV-RE-01')) naiveFold(run);
  if (run.our('DEV-RE-07')) naiveGraver(run);
  const outcome: Outcome = {
    refused: null,
    type: run.type,
    ...payloadOutcome(run),
    annotations: { ...run.annotations, risk_reason: run.reason ?? 'policy' },
    events: naiveEvents(run),
    mode: comparedMode(run.mode),
    inference: run.inference,
    metadata: run.metadata,
  };
  return { outcome, fullMode: run.mode };
}

const EVALUATE: readonly ((run: NaiveRun) => void)[] = [
  naivePolicyRisk,
  naiveMode,
  naiveTimeouts,
  naiveBlueprint,
  naiveSheet,
  naiveLoss,
  naiveLatency,
  naiveIsolation,
  naiveHints,
  naiveRecovery,
];
