import type { Dashboard, Panel } from '../dashboards/dashboard.ts';
import { type Course, escaped, lineChart, type Span } from './line-chart.ts';
import { valueText } from './value-text.ts';

const STYLE = `body{margin:0;padding:18px;background:#f4f6f8;color:#1c2024;font:13px/1.4 system-ui,sans-serif;width:1404px}
h1{font-size:22px;margin:0}h2{font-size:15px;margin:16px 0 6px}p.lead{margin:2px 0 0;color:#5b6670}
.row{display:grid;grid-template-columns:repeat(24,1fr);gap:8px}.panel{background:#fff;border:1px solid #d7dde2;border-radius:4px;padding:8px 10px;min-width:0}
h3{font-size:13px;margin:0}h3+small{color:#6b7680;display:block;min-height:17px;font-size:11px;margin-bottom:4px}svg{width:100%;height:auto;display:block}
svg text{font-size:10px;fill:#5b6670}.grid{stroke:#e6eaee}.limit{stroke:#c62828;stroke-dasharray:4 3;stroke-width:1.2}
.legend{margin:4px 0 0;font-size:11px}.legend span{margin-right:12px;display:inline-block}.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:4px;vertical-align:-1px}
.stat{font-size:28px;font-weight:600;margin:0}.well{color:#1b7f3b}.bad{color:#c62828}.none{color:#9aa5b0;margin:24px 0;text-align:center}`;

/** A dashboard drawn with what a Prometheus answered: by panel, the course of each line. */
export function dashboardPage(board: Dashboard, courses: ReadonlyMap<Panel, readonly Course[]>, span: Span): string {
  const rows = board.rows.map(
    (row) =>
      `<h2>${escaped(row.title)}</h2><div class="row">${row.panels.map((panel) => panelHtml(panel, courses.get(panel) ?? [], span)).join('')}</div>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(board.title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(board.title)}</h1><p class="lead">${escaped(board.about)}</p>${rows.join('\n')}</body></html>\n`;
}

function panelHtml(panel: Panel, courses: readonly Course[], span: Span): string {
  const body = panel.kind === 'stat' ? statHtml(panel, courses) : lineChart(panel, courses, span);
  return `<div class="panel" style="grid-column:span ${panel.width}"><h3>${escaped(panel.title)}</h3><small>${escaped(panel.about)}</small>${body}</div>`;
}

function statHtml({ unit, limit, below }: Panel, courses: readonly Course[]): string {
  const value = courses[0]?.points.findLast(([, one]) => Number.isFinite(one))?.[1];
  if (value === undefined) return '<p class="none">no data</p>';
  const over = limit !== undefined && value >= limit;
  const tone = limit === undefined ? '' : over === (below === true) ? 'well' : 'bad';
  return `<p class="stat ${tone}">${escaped(valueText(value, unit))}</p>`;
}
