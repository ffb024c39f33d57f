import { finiteSignal, type Signal, type SystemStatePacket } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { RiskInput } from '../input.js';
import type { RiskState } from '../state.js';
import { type Reading, readAbsent, readGiven } from './reading.js';
import { SIGNAL_NAMES, type SignalName } from './signal-table.js';

/** Signals that stand in the packet's metrics under their own name. */
const METRIC_SIGNALS = [
  'hook_latency_ms',
  'step_latency_ms',
  'kasmina.apply_ms',
  'kasmina.finalize_ms',
  'kasmina.isolation.violations',
  'gpu_util_percent',
  'gpu_mem_free_gb',
  'cpu_util_percent',
  'loss_volatility',
  'grad_var',
  'grad_conflict_rate',
  'optimizer_lr',
  'gradient_norm',
] as const satisfies readonly SignalName[];

const ownMetric = (packet: SystemStatePacket, name: string): Signal | undefined =>
  Object.hasOwn(packet.trainingMetrics, name) ? packet.trainingMetrics[name] : undefined;

/**
 * How far the validation loss rose (DP-07): this packet's minus the last finite one, 0 on the first packet. On the first
 * packet only, the trainer's own `loss_delta` replaces it. Without a validation loss there is nothing to compare.
 */
function lossDelta({ packet }: RiskInput, last: number | null): Signal | undefined {
  if (last === null) {
    const own = ownMetric(packet, 'loss_delta');
    if (own !== undefined) return own;
  }
  const loss = packet.validationLoss;
  if (typeof loss !== 'number' || !Number.isFinite(loss)) return loss;
  return last === null ? 0 : loss - last;
}

/** The share of the device's memory in use; unreadable parts make it unreadable. */
function memoryRatio({ hardwareContext }: SystemStatePacket): Signal | undefined {
  const total = hardwareContext?.totalMemoryGb;
  const available = hardwareContext?.availableMemoryGb;
  if (total === undefined || available === undefined) return undefined;
  const totalGb = finiteSignal(total);
  const availableGb = finiteSignal(available);
  return totalGb === undefined || availableGb === undefined ? Number.NaN : 1 - availableGb / totalGb;
}

/** The greatest risk any seed reports; one unreadable report makes it unreadable. */
function seedRisk({ seedStates }: SystemStatePacket): Signal | undefined {
  let worst: number | undefined;
  for (const { riskScore } of seedStates) {
    if (riskScore === undefined) continue;
    const score = finiteSignal(riskScore);
    if (score === undefined) return Number.NaN;
    worst = worst === undefined ? score : Math.max(worst, score);
  }
  return worst;
}

/** What the packet and the policy give for each signal; absent ones have no key. */
function given(input: RiskInput, state: RiskState): Partial<Record<SignalName, Signal | undefined>> {
  const signals: Partial<Record<SignalName, Signal | undefined>> = {
    policy_risk_score: input.policy.riskScore,
    coverage: input.coverage?.ratio,
    loss_delta: lossDelta(input, state.lastValidationLoss),
    memory_ratio: memoryRatio(input.packet),
    seed_risk: seedRisk(input.packet),
  };
  for (const name of METRIC_SIGNALS) signals[name] = ownMetric(input.packet, name);
  return signals;
}

/** The readings of one decision, and when each signal was last seen afterwards. */
export interface SignalReadings {
  readonly readings: Readonly<Record<SignalName, Reading>>;
  readonly seenMs: Readonly<Partial<Record<SignalName, number>>>;
}

const NO_BLUEPRINT: Reading = Object.freeze({ kind: 'absent', seen: false });

/**
 * Reads every signal of the table. A finite value refreshes "last seen"; a bad one starts it where nothing was ever
 * seen, so that a signal that arrived broken and then vanished is not taken for one that never was.
 */
export function readSignals(input: RiskInput, state: RiskState, config: RiskConfig): SignalReadings {
  const nowMs = state.clock?.elapsedMs ?? 0;
  const values = given(input, state);
  const readings = {} as Record<SignalName, Reading>;
  const seenMs: Partial<Record<SignalName, number>> = { ...state.seenMs };
  for (const name of SIGNAL_NAMES) {
    const value = values[name];
    const reading = value === undefined ? readAbsent(config.signals[name], seenMs[name], nowMs) : readGiven(value);
    // The blueprint has its own view: it is no number, and who needs one decides.
    readings[name] = name === 'blueprint' ? NO_BLUEPRINT : reading;
    if (reading.kind === 'value' || (value !== undefined && seenMs[name] === undefined)) seenMs[name] = nowMs;
  }
  return { readings, seenMs };
}
