/** One value of a family. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Only in a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** Everything a scrape learns under one name. The name is ours, with dots. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** `tamiyo.wal.segments` as Prometheus has to see it: `tamiyo_wal_segments`. */
export const exposedName = (name: string): string => name.replace(/[^a-zA-Z0-9_:]/g, '_');
