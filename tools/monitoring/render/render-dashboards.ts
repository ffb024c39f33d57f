import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Panel, RATE, type Target } from '../dashboards/dashboard.ts';
import { DASHBOARDS } from '../dashboards/dashboard-table.ts';
import { dashboardPage } from './dashboard-page.ts';
import type { Course, Span } from './line-chart.ts';

/** What is asked: a Prometheus, by the path below `/api/v1/`. */
export interface Queries {
  query(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown>;
}

interface RangeAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

/** Points of a line; as many as a panel is pixels wide would be wasted. */
const POINTS = 240;
/** Grafana's own rule: four scrapes, and no less than the step. */
const RATE_SCRAPES = 4;
const SCRAPE_SECONDS = 0.5;

/** Draws every dashboard as one HTML page each into `folder`, from what a real Prometheus has for `span`. */
export async function renderDashboards(folder: string, prometheus: Queries, span: Span): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const board of DASHBOARDS) {
    const courses = new Map<Panel, readonly Course[]>();
    for (const panel of board.rows.flatMap((row) => row.panels)) {
      const lines = await Promise.all(panel.targets.map((target) => coursesOf(target, prometheus, span)));
      courses.set(panel, lines.flat());
    }
    await writeFile(join(folder, `${board.uid}.html`), dashboardPage(board, courses, span));
  }
}

async function coursesOf({ expr, legend }: Target, prometheus: Queries, span: Span): Promise<readonly Course[]> {
  const step = Math.max(SCRAPE_SECONDS, (span.toMs - span.fromMs) / 1000 / POINTS);
  const rate = Math.ceil(Math.max(RATE_SCRAPES * SCRAPE_SECONDS, step));
  const answer = (await prometheus.query('query_range', {
    query: expr.replaceAll(RATE, `${rate}s`),
    start: String(span.fromMs / 1000),
    end: String(span.toMs / 1000),
    step: String(step),
  })) as RangeAnswer;
  return answer.data.result.map(({ metric, values }) => ({
    legend: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    points: values.map(([seconds, text]) => [seconds, Number(text)] as const),
  }));
}
