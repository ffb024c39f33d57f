import { finiteSignal, type MetricPoint, type TelemetryPacket } from '@esper/leyline';
import { TAMIYO_DERIVED_METRICS } from './derived-table.js';
import { Histogram } from './histogram.js';
import { histogramOf, TAMIYO_HISTOGRAM_METRICS, type TamiyoHistogramName } from './histogram-table.js';
import type { MetricFamily, Sample } from './metric-family.js';
import { metricKindOf } from './metric-point.js';
import { TAMIYO_METRICS } from './metric-table.js';

/** One time series: what was last stated, or has been added up. */
interface Series {
  readonly name: string;
  readonly kind: 'gauge' | 'total' | 'increment';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An event that is shown from the start, as not having happened: nothing can be alerted on a series that is not there. */
export interface ExpectedEvent {
  readonly event: string;
  readonly level: string;
  /** Of an event that a rule in shadow gives. */
  readonly shadowReason?: string;
}

/** The newest value of every series, from the packets seen so far. Bounded: a series beyond `seriesMax` is counted and left out. */
export class MetricsAggregate {
  readonly #seriesMax: number;
  readonly #series = new Map<string, Series>();
  readonly #histograms = new Map<TamiyoHistogramName, Histogram>();
  #leftOut = 0;

  constructor(seriesMax: number, expected: readonly ExpectedEvent[] = []) {
    this.#seriesMax = seriesMax;
    for (const { event, level, shadowReason } of expected) {
      this.#event({ event, level }, 0);
      if (shadowReason !== undefined) this.#shadow(shadowReason, 0);
    }
  }

  /** Points that found no place, ever. */
  get leftOutCount(): number {
    return this.#leftOut;
  }

  add(packet: TelemetryPacket): void {
    for (const point of packet.metrics) {
      this.addPoint(point);
      this.#observe(point);
    }
    for (const { description, level, attributes } of packet.events) {
      this.#event({ event: description, level }, 1);
      if (description === 'shadow_finding' && attributes['reason'] !== undefined) this.#shadow(attributes['reason'], 1);
    }
  }

  addPoint({ name, value, attributes = {} }: MetricPoint): void {
    const known = metricKindOf(name);
    if (known === undefined || typeof value === 'string') return;
    const { kind, type } = known;
    const labels = type === undefined ? attributes : { ...attributes, type };
    this.#put({ name: type === undefined ? name : 'tamiyo.gnn.feature_coverage_by_type', kind, labels, value });
  }

  /** All of it, sorted by name and labels. */
  families(): readonly MetricFamily[] {
    const sorted = [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
    const groups = new Map<string, Series[]>();
    for (const series of sorted) groups.set(series.name, [...(groups.get(series.name) ?? []), series]);
    const histograms = [...this.#histograms].map(([name, histogram]) => ({
      name,
      type: 'histogram' as const,
      help: TAMIYO_HISTOGRAM_METRICS[name].means,
      samples: histogram.samples(),
    }));
    return [...[...groups].map(([name, series]) => familyOf(name, series)), ...histograms];
  }

  #observe({ name, value }: MetricPoint): void {
    const distribution = histogramOf(name);
    const number = finiteSignal(value);
    if (distribution === undefined || number === undefined) return;
    const { bounds, scale } = TAMIYO_HISTOGRAM_METRICS[distribution];
    const histogram = this.#histograms.get(distribution) ?? new Histogram(bounds);
    this.#histograms.set(distribution, histogram);
    histogram.observe(number * scale);
  }

  #event(labels: { readonly event: string; readonly level: string }, value: number): void {
    this.#put({ name: 'tamiyo.events_total', kind: 'increment', labels: { ...labels }, value });
  }

  #shadow(reason: string, value: number): void {
    this.#put({ name: 'tamiyo.risk.shadow_reasons_total', kind: 'increment', labels: { reason }, value });
  }

  #put(series: Series): void {
    const labels = Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([series.name, labels]);
    const before = this.#series.get(key);
    if (before === undefined && this.#series.size >= this.#seriesMax) {
      this.#leftOut += 1;
      return;
    }
    const value = series.kind === 'increment' ? (before?.value ?? 0) + series.value : series.value;
    this.#series.set(key, { ...series, labels: Object.fromEntries(labels), value });
  }
}

const MEANS: Readonly<Record<string, { readonly means: string }>> = { ...TAMIYO_METRICS, ...TAMIYO_DERIVED_METRICS };

const familyOf = (name: string, series: readonly Series[]): MetricFamily => ({
  name,
  type: series[0]?.kind === 'gauge' ? 'gauge' : 'counter',
  help: Object.hasOwn(MEANS, name) ? (MEANS[name]?.means ?? '') : '',
  samples: series.map(({ labels, value }): Sample => ({ labels, value })),
});
