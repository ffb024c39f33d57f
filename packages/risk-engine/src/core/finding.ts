import type { Signal, TelemetryEvent, TelemetryLevel } from '@esper/leyline';
import type { EvaluatorName } from './evaluators/names.js';
import type { RiskEventName } from './events.js';
import type { Mitigation } from './severity.js';

/**
 * `pass` within the threshold; `warn` beyond one that changes nothing here; `fail` beyond one that does; `unknown` no
 * evidence; `error` the evaluator itself broke.
 */
export type Verdict = 'pass' | 'warn' | 'fail' | 'unknown' | 'error';

/** How value and threshold were compared: the finding fires when `value comparison threshold` is true. */
export type Comparison = '>' | '>=' | '<' | '<=' | '=';

/** One judgement about one signal. Plain data, recorded with the decision; `null` where something does not apply. */
export interface Finding {
  /** Who judged: an evaluator, or the pause quota, which judges the outcome of all of them. */
  readonly evaluator: EvaluatorName | 'pause_quota';
  readonly signal: string;
  readonly value: Signal | boolean | null;
  readonly threshold: number | string | null;
  readonly comparison: Comparison | null;
  /** `value - threshold`, when both are numbers. */
  readonly margin: number | null;
  readonly verdict: Verdict;
  readonly mitigation: Mitigation;
  /** The stable name of what was found; empty for a pass. */
  readonly reason: string;
  readonly level: TelemetryLevel;
  readonly attributes: Readonly<Record<string, string>>;
  /** True when the finding takes the run into conservative mode. */
  readonly entersMode: boolean;
  /** False in shadow mode: recorded, and without any effect. */
  readonly enforced: boolean;
  /** The nearest thing that would have changed it, in words. Only when it is not a pass. */
  readonly counterfactual: string | null;
}

/** What an evaluator returns: the finding without what the engine adds, its events, and what comes next below it. */
export interface RawFinding {
  readonly signal: string;
  readonly value: Signal | boolean | null;
  readonly threshold: number | string | null;
  readonly comparison: Comparison | null;
  readonly verdict: Verdict;
  readonly mitigation: Mitigation;
  /** What this signal would ask for just on the good side of the threshold. */
  readonly otherwise: Mitigation;
  readonly reason: string;
  readonly level: TelemetryLevel;
  readonly attributes: Readonly<Record<string, string>>;
  readonly entersMode: boolean;
  /** True for what merely stands (the mode being on): among equals, what was observed is named first. */
  readonly standing: boolean;
  /** Name of the event; a finding without one is recorded only. */
  readonly event: RiskEventName | null;
}

/** What evaluating gives: findings, and events that state facts without judging (such as `policy_risk_signal`). */
export interface Evaluation {
  readonly facts: readonly TelemetryEvent[];
  readonly findings: readonly RawFinding[];
}

const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

/** What an evaluator says about a finding that is no pass; the rest has one meaning where it is not given. */
export type FindingGiven = Pick<RawFinding, 'signal' | 'verdict' | 'mitigation' | 'reason' | 'level' | 'event'> &
  Partial<RawFinding>;

/** A finding in full. Every finding has the same keys in the same order. */
export const finding = (given: FindingGiven): RawFinding => ({
  signal: given.signal,
  value: given.value ?? null,
  threshold: given.threshold ?? null,
  comparison: given.comparison ?? null,
  verdict: given.verdict,
  mitigation: given.mitigation,
  otherwise: given.otherwise ?? 'none',
  reason: given.reason,
  level: given.level,
  attributes: given.attributes ?? NO_ATTRIBUTES,
  entersMode: given.entersMode ?? false,
  standing: given.standing ?? false,
  event: given.event,
});

/** Within its threshold. `against` is the nearest threshold that was not crossed. */
export const passing = (
  signal: string,
  value: Signal | null,
  against: { readonly threshold: number; readonly comparison: Comparison } | null,
): RawFinding => ({
  signal,
  value,
  threshold: against === null ? null : against.threshold,
  comparison: against === null ? null : against.comparison,
  verdict: 'pass',
  mitigation: 'none',
  otherwise: 'none',
  reason: '',
  level: 'INFO',
  attributes: NO_ATTRIBUTES,
  entersMode: false,
  standing: false,
  event: null,
});
