import { ALERTS } from './alert-table.ts';
import { DASHBOARDS } from './dashboards/dashboard-table.ts';
import { timeScale } from './time-scale.ts';

const NAME = /\b(?:tamiyo|process|nodejs)_[a-z0-9_]+/g;
const QUOTED = /"[^"]*"/g;

/** Every expression of a dashboard or rule. */
function expressions(): readonly string[] {
  const at = timeScale(1);
  return [
    ...ALERTS.flatMap(({ rules }) => rules.map(({ expr }) => expr(at))),
    ...DASHBOARDS.flatMap(({ rows }) =>
      rows.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
    ),
  ];
}

/** The names that Prometheus is asked for, as a scrape has them, without those it makes itself. */
export const usedMetrics = (): ReadonlySet<string> =>
  new Set(expressions().flatMap((text) => text.replaceAll(QUOTED, '').match(NAME) ?? []));
