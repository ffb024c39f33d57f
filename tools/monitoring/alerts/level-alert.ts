import type { Alert, AlertRule } from '../alert.ts';

export interface LevelAlert extends Pick<Alert, 'name' | 'summary' | 'ids'>, Pick<AlertRule, 'severity' | 'expr'> {
  /** Default 0: at once. */
  readonly forSeconds?: number;
  readonly bad: Readonly<Record<string, string>>;
  readonly well: Readonly<Record<string, string>>;
  /** When both are looked at, in minutes; default 20. */
  readonly atMinute?: number;
  /** Labels of what fires. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** An alert on something that is so, with one rule. Series are the same at `bad` and `well`, only their values differ. */
export function levelAlert(given: LevelAlert): Alert {
  const { severity, expr, forSeconds = 0, bad, well, atMinute = 20, labels, ...about } = given;
  const fired = { rule: 'so', ...(labels === undefined ? {} : { labels }) };
  return {
    ...about,
    rules: [{ rule: 'so', severity, forSeconds, expr }],
    cases: [
      { name: 'it is so', series: bad, atMinute, fires: [fired] },
      { name: 'it is not so', series: well, atMinute, fires: [] },
    ],
  };
}
