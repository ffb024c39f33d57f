import type { TimeScale } from './time-scale.ts';

/** `page` wakes somebody, `ticket` waits for the next working day. */
export type Severity = 'page' | 'ticket';

/** One rule. Rules of one alert share its name and its page in the runbook. */
export interface AlertRule {
  /** Names the rule within its alert; a label of what fires. */
  readonly rule: string;
  readonly severity: Severity;
  readonly expr: (at: TimeScale) => string;
  /** How long it must hold, in seconds. */
  readonly forSeconds: number;
}

/** What a unit test feeds in, by series, in the notation of promtool; one value a minute. */
export interface AlertCase {
  readonly name: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked, in minutes. */
  readonly atMinute: number;
  /** Which rules fire then, with labels beyond `severity` and `rule`. Empty: none. */
  readonly fires: readonly { readonly rule: string; readonly labels?: Readonly<Record<string, string>> }[];
}

export interface Alert {
  /** Begins with `Tamiyo`. */
  readonly name: string;
  /** One sentence: what is the matter. */
  readonly summary: string;
  /** Requirements it answers, for the runbook. */
  readonly ids?: readonly string[];
  readonly rules: readonly AlertRule[];
  readonly cases: readonly AlertCase[];
}

/** The file of an alert's page in `docs/runbook/`: `TamiyoHostDown` → `host-down.md`. */
export const pageOf = ({ name }: Pick<Alert, 'name'>): string =>
  `${name
    .replace(/^Tamiyo/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase()}.md`;
