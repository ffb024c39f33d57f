/** How values are written: Grafana's names of units. */
export type Unit = 'short' | 's' | 'ms' | 'bytes' | 'percentunit' | 'ops' | 'bool' | 'dateTimeAsIso';

/** One line of a panel. `expr` may use `$__rate_interval`, which whoever draws it fills in. */
export interface Target {
  readonly expr: string;
  /** Labels in double braces are filled in. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it says and when to worry. */
  readonly about: string;
  /** `stat` shows the newest value, `lines` the course, `stack` the course of parts of a whole. */
  readonly kind: 'stat' | 'lines' | 'stack';
  readonly unit: Unit;
  /** Columns of 24. */
  readonly width: 4 | 6 | 8 | 12 | 24;
  readonly targets: readonly Target[];
  /** From where it is bad; drawn as a line, and colours a stat. `below` turns it round. */
  readonly limit?: number;
  readonly below?: boolean;
  /** Of the axis; default: what the values need. */
  readonly max?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

/** A range that fits whatever scrape interval is used. */
export const RATE = '$__rate_interval';
