import type { Alert, Severity } from '../alert.ts';
import { type EventName, event, metric } from '../metric-names.ts';
import { MINUTE } from '../time-scale.ts';

export interface EventAlert extends Pick<Alert, 'name' | 'summary' | 'ids'> {
  readonly event: EventName;
  readonly severity: Severity;
  /** How often within the window makes it fire; default once. */
  readonly least?: number;
  /** Default 5 minutes. */
  readonly withinSeconds?: number;
}

/** An alert on something that happens, counted over a window, per host. */
export function eventAlert(given: EventAlert): Alert {
  const { event: name, severity, least = 1, withinSeconds = 5 * MINUTE, ...about } = given;
  // `increase` is an estimate between two scrapes; half a count less is surely not `least - 1`.
  const limit = least - 0.5;
  const series = metric('tamiyo.events_total', { event: name, level: 'ANY' });
  const minutes = withinSeconds / MINUTE;
  return {
    ...about,
    rules: [
      {
        rule: 'happened',
        severity,
        forSeconds: 0,
        expr: (at) => `sum by (instance) (increase(${event(name)}[${at.range(withinSeconds)}])) > ${limit}`,
      },
    ],
    cases: [
      {
        name: `happened ${least} times`,
        series: { [series]: `0x10 ${least}x2` },
        atMinute: 12,
        fires: [{ rule: 'happened' }],
      },
      {
        name: 'happened long ago',
        series: { [series]: `0x10 ${least}x${minutes + 10}` },
        atMinute: minutes + 15,
        fires: [],
      },
      ...(least === 1
        ? [{ name: 'did not happen', series: { [series]: '3x20' }, atMinute: 15, fires: [] }]
        : [
            {
              name: 'happened too seldom',
              series: { [series]: `0x10 ${least - 1}x2` },
              atMinute: 12,
              fires: [],
            },
          ]),
    ],
  };
}
