import { KPIS, type KpiName } from '../core/kpi-table.js';
import type { ScenarioReport } from './scenario-report.js';

/** A field of a CSV file (RFC 4180). */
const field = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** `summary.csv`: one line per scenario and figure, and one per assertion. */
export function summaryCsv(reports: readonly ScenarioReport[]): string {
  const rows = reports.flatMap(({ scenario, seed, kpis, assertions }) => [
    ...(Object.keys(KPIS) as KpiName[])
      .filter((name) => kpis[name] !== undefined)
      .map((name) => [scenario, String(seed), 'kpi', name, String(kpis[name]), KPIS[name].unit]),
    ...assertions.map(({ name, held, seen }) => [
      scenario,
      String(seed),
      'assertion',
      name,
      held ? 'held' : 'failed',
      seen,
    ]),
  ]);
  return [['scenario', 'seed', 'kind', 'name', 'value', 'unit_or_seen'], ...rows]
    .map((row) => `${row.map(field).join(',')}\n`)
    .join('');
}
