import type { MetricPoint, TelemetryPacket } from '@esper/leyline';
import { metricKindOf } from './metric-point.js';

/** One time series: what was last stated, or has been added up. */
export interface Series {
  readonly name: string;
  readonly kind: 'gauge' | 'total' | 'increment';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The newest value of every series, from the packets seen so far. Bounded: a series beyond `seriesMax` is counted and left out. */
export class MetricsAggregate {
  readonly #seriesMax: number;
  readonly #series = new Map<string, Series>();
  #leftOut = 0;

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
  }

  /** Points that found no place, ever. */
  get leftOutCount(): number {
    return this.#leftOut;
  }

  add(packet: TelemetryPacket): void {
    for (const point of packet.metrics) this.addPoint(point);
    for (const { description, level } of packet.events) {
      this.#put({ name: 'tamiyo.events_total', kind: 'increment', labels: { event: description, level }, value: 1 });
    }
  }

  addPoint({ name, value, attributes = {} }: MetricPoint): void {
    const known = metricKindOf(name);
    if (known === undefined || typeof value === 'string') return;
    const { kind, type } = known;
    const labels = type === undefined ? attributes : { ...attributes, type };
    this.#put({ name: type === undefined ? name : 'tamiyo.gnn.feature_coverage_by_type', kind, labels, value });
  }

  /** All series, sorted by name and labels. */
  series(): readonly Series[] {
    return [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
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
