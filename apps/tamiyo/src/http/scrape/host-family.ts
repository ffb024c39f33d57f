import type { MetricFamily } from '@esper/telemetry/prometheus';
import { HOST_METRICS, type HostMetricName } from './host-metric-table.js';

type LabelsOf<Name extends HostMetricName> = Readonly<
  Record<(typeof HOST_METRICS)[Name]['attributes'][number], string>
>;

/** A value with the labels of its metric, all of them and no others. */
export type HostSample<Name extends HostMetricName> = {
  readonly value: number;
} & ((typeof HOST_METRICS)[Name]['attributes'] extends readonly []
  ? { readonly labels?: never }
  : { readonly labels: LabelsOf<Name> });

/** One family of {@link HOST_METRICS}. What ends in `_total` is a counter. */
export const hostFamily = <Name extends HostMetricName>(
  name: Name,
  samples: readonly HostSample<Name>[],
): MetricFamily => ({
  name,
  type: name.endsWith('_total') ? 'counter' : 'gauge',
  help: HOST_METRICS[name].means,
  samples: samples.map(({ labels, value }) => ({ labels: labels ?? {}, value })),
});

/** The same for one value without labels. */
export const hostValue = <Name extends HostMetricName>(
  name: (typeof HOST_METRICS)[Name]['attributes'] extends readonly [] ? Name : never,
  value: number,
): MetricFamily => ({
  name,
  type: name.endsWith('_total') ? 'counter' : 'gauge',
  help: HOST_METRICS[name].means,
  samples: [{ labels: {}, value }],
});
