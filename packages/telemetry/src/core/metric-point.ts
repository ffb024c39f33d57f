import type { MetricPoint, Signal } from '@esper/leyline';
import { TAMIYO_METRICS, type TamiyoMetricName } from './metric-table.js';

/** The attribute keys of a metric. */
export type AttributesOf<Name extends TamiyoMetricName> = (typeof TAMIYO_METRICS)[Name]['attributes'][number];

/** One point: its unit comes from the table, and a metric with attributes has all of them. */
export function point<Name extends TamiyoMetricName>(
  name: Name,
  value: Signal | boolean,
  ...[attributes]: AttributesOf<Name> extends never ? [] : [Readonly<Record<AttributesOf<Name>, string>>]
): MetricPoint {
  const number = typeof value === 'boolean' ? Number(value) : value;
  const base = { name, value: number, unit: TAMIYO_METRICS[name].unit };
  return attributes === undefined ? base : { ...base, attributes };
}

const COVERAGE_PREFIX = 'tamiyo.gnn.feature_coverage.';

/** Coverage of one node or edge type. */
export const coverageTypePoint = (type: string, ratio: number): MetricPoint => ({
  name: `${COVERAGE_PREFIX}${type}`,
  value: ratio,
  unit: 'ratio',
});

/** How an aggregator adds up a metric, and the type in its name where it has one. `undefined` for a name that is not ours. */
export function metricKindOf(
  name: string,
): { readonly kind: 'gauge' | 'total' | 'increment'; readonly type?: string } | undefined {
  if (Object.hasOwn(TAMIYO_METRICS, name)) return { kind: TAMIYO_METRICS[name as TamiyoMetricName].kind };
  return name.startsWith(COVERAGE_PREFIX) ? { kind: 'gauge', type: name.slice(COVERAGE_PREFIX.length) } : undefined;
}
