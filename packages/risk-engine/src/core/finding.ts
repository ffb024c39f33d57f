import type { Signal, TelemetryEvent, TelemetryLevel } from '@esper/leyline';
import type { EvaluatorName } from './evaluators/names.js';
import type { Mitigation } from './severity.js';

/**
 * `pass` within the threshold; `warn` beyond one that changes nothing here; `fail` beyond one that does; `unknown` no
 * evidence; `error` the evaluator itself broke.
 */
export type Verdict = 'pass' | 'warn' | 'fail' | 'unknown' | 'error';

/** How value and threshold were compared: the finding fires when `value comparison threshold` is true. */
export type Comparison = '>' | '>=' | '<' | '<=' | '=';

/** One judgement about one signal. Plain data, recorded with the decision. */
export interface Finding {
  /** Who judged: an evaluator, or the pause quota, which judges the outcome of all of them. */
  readonly evaluator: EvaluatorName | 'pause_quota';
  readonly signal: string;
  readonly value?: Signal | boolean;
  readonly threshold?: number | string;
  readonly comparison?: Comparison;
  /** `value - threshold`, when both are numbers. */
  readonly margin?: number;
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
  readonly counterfactual?: string;
}

/** What an evaluator returns: the finding without what the engine adds, its events, and what comes next below it. */
export interface RawFinding {
  readonly signal: string;
  readonly value?: Signal | boolean;
  readonly threshold?: number | string;
  readonly comparison?: Comparison;
  readonly verdict: Verdict;
  readonly mitigation: Mitigation;
  /** What this signal would ask for just on the good side of the threshold. */
  readonly otherwise: Mitigation;
  readonly reason: string;
  readonly level: TelemetryLevel;
  readonly attributes: Readonly<Record<string, string>>;
  readonly entersMode: boolean;
  /** True for what merely stands (the mode being on): among equals, what was observed is named first. */
  readonly standing?: true;
  /** Name of the event; a finding without one is recorded only. */
  readonly event?: string;
}

/** What evaluating gives: findings, and events that state facts without judging (such as `policy_risk_signal`). */
export interface Evaluation {
  readonly facts: readonly TelemetryEvent[];
  readonly findings: readonly RawFinding[];
}

const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

/** Within its threshold, or neutral. */
export function passing(signal: string, value?: Signal, threshold?: number, comparison?: Comparison): RawFinding {
  return {
    signal,
    ...(value === undefined ? {} : { value }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(comparison === undefined ? {} : { comparison }),
    verdict: 'pass',
    mitigation: 'none',
    otherwise: 'none',
    reason: '',
    level: 'INFO',
    attributes: NO_ATTRIBUTES,
    entersMode: false,
  };
}
