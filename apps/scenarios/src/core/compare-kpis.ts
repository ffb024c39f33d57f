import { KPIS, type KpiKind, type KpiName, type Kpis } from './kpi-table.js';

/** How one figure stands against an earlier run. */
export type Verdict = 'same' | 'better' | 'worse' | 'new' | 'gone';

export interface KpiComparison {
  readonly name: KpiName;
  readonly before: number | undefined;
  readonly now: number | undefined;
  readonly verdict: Verdict;
}

/** One line per figure that either run has, in the order of the table. */
export function compareKpis(before: Kpis, now: Kpis): readonly KpiComparison[] {
  return (Object.keys(KPIS) as KpiName[])
    .filter((name) => before[name] !== undefined || now[name] !== undefined)
    .map((name) => ({
      name,
      before: before[name],
      now: now[name],
      verdict: verdictOf(KPIS[name], before[name], now[name]),
    }));
}

function verdictOf(kind: KpiKind, before: number | undefined, now: number | undefined): Verdict {
  if (before === undefined) return 'new';
  if (now === undefined) return 'gone';
  const change = kind.better === 'lower' ? now - before : before - now;
  if (Math.abs(change) <= Math.max(kind.noise, kind.tolerance * Math.abs(before))) return 'same';
  return change > 0 ? 'worse' : 'better';
}
