import type { TamiyoMetricName } from './metric-table.js';

/**
 * Distributions that an aggregator makes from points of decision packets: a packet states one value, alerts need the share of
 * values within a target. `of` is the metric whose points are counted, `scale` turns its unit into this one, `bounds` are the
 * upper ends of the buckets, rising. Bounds are API: an alert can only ask about a target that is one of them.
 */
export const TAMIYO_HISTOGRAM_METRICS = {
  'tamiyo.decision.duration_seconds': {
    unit: 's',
    of: 'tamiyo.decision.latency_ms',
    scale: 0.001,
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.045, 0.1, 0.25, 0.5, 1, 2.5],
    means: 'Decisions by how long they took, validate to record. A histogram; 0.045 is the objective.',
  },
  'tamiyo.inference.duration_seconds': {
    unit: 's',
    of: 'tamiyo.inference.latency_ms',
    scale: 0.001,
    bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.045, 0.1, 0.25, 1],
    means: 'Decisions by how long inference took, queueing included. A histogram; 0.005 is the default deadline.',
  },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly unit: string;
      readonly of: TamiyoMetricName;
      readonly scale: number;
      readonly bounds: readonly number[];
      readonly means: string;
    }
  >
>;

export type TamiyoHistogramName = keyof typeof TAMIYO_HISTOGRAM_METRICS;

const BY_SOURCE: ReadonlyMap<string, TamiyoHistogramName> = new Map(
  (Object.keys(TAMIYO_HISTOGRAM_METRICS) as TamiyoHistogramName[]).map((name) => [
    TAMIYO_HISTOGRAM_METRICS[name].of,
    name,
  ]),
);

/** The distribution that a metric's points go into, if there is one. */
export const histogramOf = (metric: string): TamiyoHistogramName | undefined => BY_SOURCE.get(metric);
