import type { TelemetryEvent, TelemetryLevel } from '@esper/leyline';
import { elapsedMs, type MonoMs } from '@esper/std';
import { REFUSAL_LEVELS, REFUSAL_REASONS, type Refusal, type RefusalReason } from './refusal.js';

/** How many refusals are told one by one. */
export interface RejectionLimits {
  /** Events of one reason at once [5]. */
  readonly burstMax: number;
  /** Then one event of that reason per so many milliseconds [15,000]. */
  readonly refillMs: number;
  /** Least time between two summaries [10,000]. */
  readonly summaryMs: number;
}

/** At most 4 events a minute and reason in the long run, and 6 summaries a minute, whatever arrives. */
export const REJECTION_LIMITS: RejectionLimits = Object.freeze({ burstMax: 5, refillMs: 15_000, summaryMs: 10_000 });

interface Bucket {
  tokens: number;
  filledAt: MonoMs;
}

/**
 * Turns refusals into events without letting a flood of them fill the emergency lane: each reason has its own small
 * allowance, so that strangers' garbage cannot hide a replay; what is over it is counted, and told in a summary. Every
 * refusal is in exactly one event or one summary, or still waits for one.
 */
export class RejectionLedger {
  readonly #limits: RejectionLimits;
  readonly #buckets = new Map<RefusalReason, Bucket>();
  #untold = new Map<RefusalReason, number>();
  #summaryAt: MonoMs | undefined;

  constructor(limits: RejectionLimits = REJECTION_LIMITS) {
    this.#limits = limits;
  }

  /** The event to send now, or `undefined` when the refusal was only counted. */
  note(refusal: Refusal, at: MonoMs): TelemetryEvent | undefined {
    if (this.#takeToken(refusal.reason, at)) return describeRejection(refusal);
    this.#untold.set(refusal.reason, (this.#untold.get(refusal.reason) ?? 0) + 1);
    return undefined;
  }

  /** The summary to send now, or `undefined` when there is nothing to tell or it is too soon. Ask every few seconds. */
  summary(at: MonoMs): TelemetryEvent | undefined {
    const isDue = this.#summaryAt === undefined || elapsedMs(this.#summaryAt, at) >= this.#limits.summaryMs;
    if (this.#untold.size === 0 || !isDue) return undefined;
    const told = this.#untold;
    this.#untold = new Map();
    this.#summaryAt = at;
    return describeSummary(told);
  }

  /** Refusals that wait for the next summary. */
  get untoldCount(): number {
    return [...this.#untold.values()].reduce((total, count) => total + count, 0);
  }

  #takeToken(reason: RefusalReason, at: MonoMs): boolean {
    const { burstMax, refillMs } = this.#limits;
    const bucket = this.#buckets.get(reason) ?? { tokens: burstMax, filledAt: at };
    this.#buckets.set(reason, bucket);
    const refills = Math.floor(elapsedMs(bucket.filledAt, at) / refillMs);
    if (refills > 0) {
      bucket.tokens = Math.min(burstMax, bucket.tokens + refills);
      bucket.filledAt = at;
    }
    if (bucket.tokens === 0) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** One refusal as an event. Attributes come from trusted keys and signed headers alone, never from strangers' bytes. */
export function describeRejection({ reason, keyId, identity }: Refusal): TelemetryEvent {
  const known: Record<string, string> = { reason };
  if (keyId !== undefined) known['key_id'] = keyId;
  if (identity !== undefined) {
    known['command_id'] = identity.commandId;
    known['training_run_id'] = identity.trainingRunId;
    known['issuer_epoch'] = String(identity.issuerEpoch);
    known['sequence'] = String(identity.sequence);
    known['age_ms'] = String(identity.ageMs);
  }
  return { description: 'command_rejected', level: REFUSAL_LEVELS[reason], attributes: known };
}

function describeSummary(told: ReadonlyMap<RefusalReason, number>): TelemetryEvent {
  const attributes: Record<string, string> = {};
  let total = 0;
  for (const reason of REFUSAL_REASONS) {
    const count = told.get(reason);
    if (count === undefined) continue;
    attributes[reason] = String(count);
    total += count;
  }
  const levels = new Set<TelemetryLevel>([...told.keys()].map((reason) => REFUSAL_LEVELS[reason]));
  const level = levels.has('CRITICAL') ? 'CRITICAL' : 'ERROR';
  return { description: 'command_rejected_summary', level, attributes: { total: String(total), ...attributes } };
}

/** What a clean-up of the replay memory found. */
export interface LedgerCleanup {
  readonly removed: number;
  readonly size: number;
  /** Commands had been refused because the memory was full since the clean-up before. */
  readonly wasFull: boolean;
}

/** The event for a clean-up after the memory was full; `undefined` otherwise. */
export const describeCleanup = (cleanup: LedgerCleanup): TelemetryEvent | undefined =>
  cleanup.wasFull
    ? {
        description: 'nonce_ledger_truncated',
        level: 'WARNING',
        attributes: { removed: String(cleanup.removed), size: String(cleanup.size) },
      }
    : undefined;
