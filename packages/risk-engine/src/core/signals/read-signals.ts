import { finiteSignal, type Signal, type SystemStatePacket } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { RiskInput } from '../input.js';
import { elapsedMsOf, type RiskState } from '../state.js';
import { NOTHING_READ, type Reading, readAbsent, readGiven } from './reading.js';
import type { SignalName } from './signal-table.js';

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

/**
 * How far the validation loss rose (DP-07): this packet's minus the last finite one, 0 on the first packet. On the first
 * packet only, the trainer's own `loss_delta` replaces it. Without a validation loss there is nothing to compare.
 */
function lossDelta({ packet }: RiskInput, last: number | null): Signal | undefined {
  if (last === null) {
    const own = packet.trainingMetrics['loss_delta'];
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
  return 1 - (finiteSignal(available) ?? Number.NaN) / (finiteSignal(total) ?? Number.NaN);
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

/** The readings of one decision, and when each signal was last seen afterwards. */
export interface SignalReadings {
  readonly readings: Readonly<Record<SignalName, Reading>>;
  readonly seenMs: RiskState['seenMs'];
}

/** What is being collected for one decision. */
interface Collected {
  readonly readings: Record<SignalName, Reading>;
  readonly seenMs: Record<SignalName, number | null>;
  readonly nowMs: number;
  readonly config: RiskConfig;
}

/**
 * Takes one signal in. A finite value refreshes "last seen"; a bad one starts it where nothing was ever seen, so that a
 * signal that arrived broken and then vanished is not taken for one that never was.
 */
function take(collected: Collected, name: SignalName, value: Signal | undefined): void {
  const { readings, seenMs, nowMs, config } = collected;
  const seen = seenMs[name] ?? null;
  if (value === undefined) {
    readings[name] = readAbsent(config.signals[name], seen, nowMs);
    return;
  }
  const reading = readGiven(value);
  readings[name] = reading;
  if (reading.kind === 'value' || seen === null) seenMs[name] = nowMs;
}

/** Reads every signal of the table. The blueprint has its own view: it is no number, and who needs one decides. */
export function readSignals(input: RiskInput, state: RiskState, config: RiskConfig): SignalReadings {
  const { packet } = input;
  const nowMs = elapsedMsOf(state);
  const collected: Collected = { readings: { ...NOTHING_READ }, seenMs: { ...state.seenMs }, nowMs, config };
  take(collected, 'policy_risk_score', input.policy.riskScore);
  take(collected, 'coverage', input.coverage?.ratio);
  take(collected, 'loss_delta', lossDelta(input, state.lastValidationLoss));
  take(collected, 'memory_ratio', memoryRatio(packet));
  take(collected, 'seed_risk', seedRisk(packet));
  for (const name of METRIC_SIGNALS) take(collected, name, packet.trainingMetrics[name]);
  return collected;
}
