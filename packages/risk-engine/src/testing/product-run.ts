import { type CommandDraft, type Signal, TELEMETRY_LEVELS, type TelemetryEvent } from '@esper/leyline';
import type { MonoMs, UnixMs } from '@esper/std';
import { assess } from '../core/assess.js';
import type { BreakerState } from '../core/breaker/breaker.js';
import { reportBreaker } from '../core/breaker/calls.js';
import type { RiskConfig } from '../core/config.js';
import type { ModeState } from '../core/conservative/mode.js';
import type { RiskInput } from '../core/input.js';
import { initialRiskState, type RiskState } from '../core/state.js';
import type { Instant } from '../core/time/engine-clock.js';
import { RiskError } from '../errors.js';
import { resolveRiskConfig } from '../options.js';
import { descriptorOf, draftOf } from './product-draft.js';
import { parsePythonFloat } from './python-text.js';
import {
  type Outcome,
  refusedOutcome,
  type Scenario,
  type VectorBreaker,
  type VectorEvent,
  type VectorMode,
} from './vector-line.js';

// The engine only adds and compares times, so these runs count in seconds as the recordings do.
const at = (nowS: number): Instant => ({ wallMs: nowS as UnixMs, monoMs: nowS as MonoMs });

/** Stands for "the recording does not know", in fields of the state that always have a value. */
const UNKNOWN_REASON = '(not recorded)';
const UNKNOWN_ENTRY_S = -1;

/**
 * The configuration recordings are compared under: the thresholds of the line, nothing required (the prototype never
 * requires anything), and nothing beyond the prototype. Everything else is the default, conservative mode included.
 */
function comparisonConfig(limits: Scenario['limits'], breaker: Scenario['breaker']): RiskConfig {
  const optional = { presence: 'optional' } as const;
  const named = { ...initialBreakerLimits, cooldownMs: breaker.cooldownS, failuresMax: breaker.threshold };
  return resolveRiskConfig({
    loss: { spikeMax: limits.max_loss_spike },
    latency: {
      hookMsMax: limits.hook_budget_ms,
      stepMsMax: limits.step_latency_high_ms,
      applyMsMax: limits.kasmina_apply_slow_ms,
      finalizeMsMax: limits.kasmina_finalize_slow_ms,
    },
    signals: { policy_risk_score: optional, blueprint: optional, coverage: optional },
    evaluators: { multi_signal: 'off', validation: 'off', rollback: 'off' },
    pauseQuota: { mode: 'off' },
    breakers: { inference: named, metadata: named },
  });
}

const initialBreakerLimits = { probesMax: 1, successesMin: 1, slowCallMs: null } as const;

/** A recorded breaker as one of ours. */
export const breakerFrom = ([state, failures, until]: VectorBreaker): BreakerState =>
  state === 2
    ? { kind: 'open', generation: 0, failures, untilMs: until ?? Number.NEGATIVE_INFINITY }
    : { kind: 'closed', generation: 0, failures };

/** One of our breakers as recordings have it. Half-open has no place there and is named -1. */
export function breakerTo(state: BreakerState): VectorBreaker {
  if (state.kind === 'closed') return [1, state.failures, null];
  if (state.kind !== 'open') return [-1, state.failures, null];
  return [2, state.failures, Number.isFinite(state.untilMs) ? state.untilMs : null];
}

const modeFrom = (mode: VectorMode): ModeState =>
  mode.mode
    ? {
        kind: 'on',
        reason: mode.last_reason ?? UNKNOWN_REASON,
        enteredMs: mode.last_enter_s ?? UNKNOWN_ENTRY_S,
        enteredWallMs: 0,
        triggeredMs: mode.last_enter_s ?? UNKNOWN_ENTRY_S,
        goodDecisions: 0,
        decisions: 0,
        automatic: true,
        hold: null,
      }
    : { kind: 'off' };

const modeTo = (mode: ModeState): Outcome['mode'] =>
  mode.kind === 'off'
    ? { on: false, reason: null, enteredS: null }
    : {
        on: true,
        reason: mode.reason === UNKNOWN_REASON ? null : mode.reason,
        enteredS: mode.enteredMs === UNKNOWN_ENTRY_S ? null : mode.enteredMs,
      };

/** An event as recordings have it. */
export const eventTo = ({ description, level, attributes }: TelemetryEvent): VectorEvent => [
  description,
  TELEMETRY_LEVELS[level],
  attributes,
];

/** The policy's score as a typed producer would give it: a number, or the text that is none. */
function scoreOf(text: string | undefined): Signal | undefined {
  if (text === undefined || text === '') return undefined;
  return parsePythonFloat(text) ?? text;
}

/** How the loss reaches the engine: as the trainer's own delta, or as two validation losses. */
export type LossSource =
  | { readonly kind: 'delta' }
  | { readonly kind: 'losses'; readonly validationLoss: number; readonly last: number | null };

function inputOf(scenario: Scenario, losses: LossSource): RiskInput {
  const metrics = Object.fromEntries(scenario.metrics);
  const own = losses.kind === 'delta' ? { ...metrics, loss_delta: scenario.lossDelta } : metrics;
  return {
    draft: draftOf(scenario),
    packet: {
      version: 1,
      packetId: 'pkt',
      trainingRunId: 'run',
      sourceSubsystem: 'tolaria',
      currentEpoch: 0,
      globalStep: 0,
      trainingMetrics: own,
      seedStates: [],
      ...(losses.kind === 'losses' ? { validationLoss: losses.validationLoss } : {}),
    },
    policy: {
      riskScore: scoreOf(scenario.annotations['policy_risk_score']),
      version: 'v',
      ...(scenario.annotations['policy_risk_index'] === undefined
        ? {}
        : { riskIndex: scenario.annotations['policy_risk_index'] }),
    },
    blueprint:
      scenario.blueprint === null ? { kind: 'none' } : { kind: 'known', descriptor: descriptorOf(scenario.blueprint) },
    coverage: undefined,
    at: at(scenario.nowS),
    step: 0,
    timeouts: { inference: scenario.timedOut, metadata: scenario.blueprintTimeout },
  };
}

function stateOf(scenario: Scenario, losses: LossSource, config: RiskConfig): RiskState {
  return {
    ...initialRiskState(config),
    clock: { elapsedMs: scenario.nowS, monoMs: scenario.nowS, offsetMs: 0 },
    lastValidationLoss: losses.kind === 'losses' ? losses.last : null,
    mode: modeFrom(scenario.mode),
    breakers: { inference: breakerFrom(scenario.inference), metadata: breakerFrom(scenario.metadata) },
  };
}

/** What the host does before it assesses: one report per call, a success or the timeout. */
function reportCalls(state: RiskState, scenario: Scenario, config: RiskConfig): ReturnType<typeof reportBreaker> {
  const calls = [
    ['inference', scenario.timedOut ? 'timeout_inference' : null],
    ['metadata', scenario.blueprintTimeout ? 'timeout_urza' : null],
  ] as const;
  let current = state;
  const events: TelemetryEvent[] = [];
  for (const [name, reason] of calls) {
    const report = reason === null ? ({ kind: 'success' } as const) : ({ kind: 'failure', reason } as const);
    const step = reportBreaker(current, { name, report, at: at(scenario.nowS) }, config);
    current = step.state;
    events.push(...step.events);
  }
  return { state: current, events };
}

function payloadName(command: CommandDraft): string | null {
  if (command.seedOperation !== undefined) return 'seed_operation';
  if (command.optimizerAdjustment !== undefined) return 'optimizer_adjustment';
  if (command.circuitBreaker !== undefined) return 'circuit_breaker';
  return command.rollback === undefined ? null : 'rollback_payload';
}

const rounded = (values: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Math.fround(value)]));

function outcomeOf(scenario: Scenario, losses: LossSource, config: RiskConfig): Outcome {
  const reported = reportCalls(stateOf(scenario, losses, config), scenario, config);
  const { command, events, state } = assess(reported.state, inputOf(scenario, losses), config);
  const { inference, metadata } = state.breakers;
  return {
    refused: null,
    type: `COMMAND_${command.commandType}`,
    payload: payloadName(command),
    optimizerId: command.optimizerAdjustment?.optimizerId ?? null,
    hyperparameters: rounded(command.optimizerAdjustment?.hyperparameters),
    annotations: command.annotations,
    events: [...reported.events, ...events].map(eventTo),
    mode: modeTo(state.mode),
    inference: breakerTo(inference ?? breakerFrom(scenario.inference)),
    metadata: breakerTo(metadata ?? breakerFrom(scenario.metadata)),
  };
}

const OPTION_NAME = /risk option (\S+)/;

/** Runs the product on a recorded line. Refusals become outcomes; anything else that is thrown is a bug and stays one. */
export function runProduct(scenario: Scenario, losses: LossSource): Outcome {
  let config: RiskConfig;
  try {
    config = comparisonConfig(scenario.limits, scenario.breaker);
  } catch (error) {
    const name = error instanceof RangeError ? OPTION_NAME.exec(error.message)?.[1] : undefined;
    if (name === undefined) throw error;
    return refusedOutcome(`config ${name}`);
  }
  try {
    return outcomeOf(scenario, losses, config);
  } catch (error) {
    if (error instanceof RiskError) return refusedOutcome(error.code);
    throw error;
  }
}
