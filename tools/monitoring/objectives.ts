import { bucket, buckets, countOf, metric } from './metric-names.ts';
import type { TimeScale } from './time-scale.ts';

/** What share of decisions must be good, and how bad ones and all are counted over a range. */
export interface Objective {
  readonly key: 'latency' | 'decision';
  readonly title: string;
  /** What must be good, as a share. */
  readonly target: number;
  readonly bad: (range: string) => string;
  readonly all: (range: string) => string;
}

const DURATION = 'tamiyo.decision.duration_seconds';
const DELIVERED = metric('tamiyo.decisions.delivered_total');
const FAILED_BY_HOST = metric('tamiyo.decisions.failed_total', { fault: 'host' });

/** Decisions that were made: p95 within 45 ms, said as a share. */
const LATENCY: Objective = {
  key: 'latency',
  title: 'Decisions within 45 ms',
  target: 0.95,
  bad: (range) =>
    `(sum(increase(${countOf(DURATION)}[${range}])) - sum(increase(${bucket(DURATION, 0.045)}[${range}])))`,
  all: (range) => `sum(increase(${countOf(DURATION)}[${range}]))`,
};

/** Packets that got a command. What callers and operators cause is no failure of the host. */
const DECISION: Objective = {
  key: 'decision',
  title: 'Packets answered with a command',
  target: 0.995,
  bad: (range) => `sum(increase(${FAILED_BY_HOST}[${range}]))`,
  all: (range) => `(sum(increase(${FAILED_BY_HOST}[${range}])) + sum(increase(${DELIVERED}[${range}])))`,
};

export const OBJECTIVES = [LATENCY, DECISION] as const;

/** The share of an objective's decisions that were bad over `seconds`. */
export const badShare = (objective: Objective, seconds: number, at: TimeScale): string =>
  `${objective.bad(at.range(seconds))} / ${objective.all(at.range(seconds))}`;

/** What bad share uses up the budget of the whole period exactly. */
export const budgetOf = ({ target }: Objective): number => Number((1 - target).toPrecision(6));

/** A quantile of a latency, over `range`. */
export const quantile = (of: Parameters<typeof buckets>[0], share: number, range: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${buckets(of)}[${range}])))`;
