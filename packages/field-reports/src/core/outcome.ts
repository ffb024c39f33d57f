import type { CommandType, FieldReportOutcome } from '@esper/leyline';

/** Reasons that are evidence of harm: something measured went wrong, whatever was done about it. */
const REGRESSION_REASONS: ReadonlySet<string> = new Set([
  'bp_quarantine',
  'hook_budget',
  'isolation_violation',
  'loss_spike',
]);

/** Reasons that say that no answer came in time. */
const TIMEOUT_REASONS: ReadonlySet<string> = new Set(['deadline_decision', 'timeout_inference', 'timeout_urza']);

/** Reasons that say that nothing stood against the policy's own choice. */
const UNHINDERED_REASONS: ReadonlySet<string> = new Set(['', 'policy']);

/** What the outcome of a decision is judged by. */
export interface OutcomeFacts {
  readonly commandType: CommandType;
  /** The deciding reason; empty or `policy` when nothing was found. */
  readonly reason: string;
  /** Every reason that was found. */
  readonly reasons: readonly string[];
  /** True when the final command differs from the one the policy proposed. */
  readonly changed: boolean;
  readonly timedOut: boolean;
}

/**
 * The outcome at the time of the decision. Success is only what went out as the policy proposed it, with nothing against
 * it; a pause, a downgrade, or a reason that is not known here is never success (D-13b).
 */
export function outcomeOfDecision(facts: OutcomeFacts): FieldReportOutcome {
  const reasons = [facts.reason, ...facts.reasons];
  if (facts.timedOut || reasons.some((reason) => TIMEOUT_REASONS.has(reason))) return 'NEUTRAL';
  if (reasons.some((reason) => REGRESSION_REASONS.has(reason))) return 'REGRESSION';
  if (facts.changed || facts.commandType === 'PAUSE' || facts.commandType === 'UNKNOWN') return 'NEUTRAL';
  return reasons.every((reason) => UNHINDERED_REASONS.has(reason)) ? 'SUCCESS' : 'NEUTRAL';
}

/** A decision without a command: neutral when only time ran out, else aborted. */
export const outcomeOfFailure = (reason: string): FieldReportOutcome =>
  TIMEOUT_REASONS.has(reason) ? 'NEUTRAL' : 'ABORTED';
