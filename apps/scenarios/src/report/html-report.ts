import type { KpiComparison } from '../core/compare-kpis.js';
import type { Figure } from '../core/figure.js';
import { KPIS, type KpiName } from '../core/kpi-table.js';
import { figuresOf } from './plots.js';
import type { ScenarioReport } from './scenario-report.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Text as it stands in HTML. Everything that comes from a run goes through here. */
const text = (value: string | number): string => String(value).replace(/[&<>"']/g, (found) => ESCAPES[found] as string);

const STYLE = `
:root { color-scheme: light dark; --fg:#1c2024; --bg:#ffffff; --soft:#5b6670; --rule:#d7dde2; --panel:#f5f7f8;
  --line:#1f6feb; --second:#8a94a0; --bad:#c62828; --warn:#b26a00; --good:#1b7f3b; }
@media (prefers-color-scheme: dark) { :root { --fg:#e6e9ec; --bg:#12161a; --soft:#9aa5b0; --rule:#2c343b; --panel:#1a2026;
  --line:#6aa8ff; --second:#7d8793; --bad:#ff7b72; --warn:#e3a83b; --good:#56c271; } }
@media print { :root { --fg:#000; --bg:#fff; --soft:#444; --rule:#bbb; --panel:#fff; --line:#0b57d0; --second:#777; --bad:#b00020; --warn:#8a5a00; --good:#0b6b2e; }
  figure, table { break-inside: avoid; } }
body { margin: 0 auto; max-width: 940px; padding: 24px 16px 64px; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 8px; border-bottom: 1px solid var(--rule); padding-bottom: 4px; }
p.lead, figcaption, small { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.held { color: var(--good); } .failed, .worse { color: var(--bad); font-weight: 600; } .better { color: var(--good); }
figure { margin: 20px 0; } figure svg { max-width: 100%; height: auto; } figcaption b { color: var(--fg); display: block; font-size: 16px; }
.key span { display: inline-block; margin-right: 16px; font-size: 13px; } .key i { display: inline-block; width: 12px; height: 12px; margin-right: 5px; vertical-align: -1px; border-radius: 2px; }
`;

const KEY = `<p class="key"><span><i style="background:var(--line)"></i>validation, as proposed</span><span><i style="background:var(--second)"></i>training, paused</span><span><i style="background:var(--warn)"></i>changed by risk, conservative</span><span><i style="background:var(--bad)"></i>fault, failed, over its threshold</span></p>`;

/** One self-contained page: no script, no font, no image from elsewhere. Reads in light and dark and on paper. */
export function htmlReport(
  report: ScenarioReport,
  { comparison, figures = [] }: { comparison?: readonly KpiComparison[]; figures?: readonly Figure[] } = {},
): string {
  const verdict = report.passed
    ? '<span class="held">every assertion held</span>'
    : '<span class="failed">an assertion did not hold</span>';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(report.scenario)} · Tamiyo</title><style>${STYLE}</style></head><body>
<h1>${text(report.scenario)}</h1>
<p class="lead">${text(report.about)}<br>seed ${report.seed} · ${text(report.startedAt)} · ${report.seconds.toFixed(1)} s · ${verdict}</p>
<h2>What was promised</h2>
${assertionTable(report)}
<h2>Key figures</h2>
${kpiTable(report, comparison)}
${figures.map(figureHtml).join('\n')}
${extraTable(report)}
${report.recordings.map(runSection).join('\n')}
<h2>Where this ran</h2>
${environmentTable(report)}
</body></html>
`;
}

function assertionTable({ assertions }: ScenarioReport): string {
  const rows = assertions.map(
    ({ name, held, seen }) =>
      `<tr><td class="${held ? 'held' : 'failed'}">${held ? 'held' : 'failed'}</td><td>${text(name)}</td><td>${text(seen)}</td></tr>`,
  );
  return `<table><tr><th></th><th>promise</th><th>seen</th></tr>${rows.join('')}</table>`;
}

const shown = (value: number | undefined): string =>
  value === undefined ? '' : Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 4 });

function kpiTable({ kpis }: ScenarioReport, comparison: readonly KpiComparison[] | undefined): string {
  if (comparison !== undefined) {
    const rows = comparison.map(
      ({ name, before, now, verdict }) =>
        `<tr><td>${name}</td><td class="number">${shown(before)}</td><td class="number">${shown(now)}</td><td>${KPIS[name].unit}</td><td class="${verdict}">${verdict}</td></tr>`,
    );
    return `<table><tr><th>figure</th><th class="number">before</th><th class="number">now</th><th>unit</th><th>verdict</th></tr>${rows.join('')}</table>`;
  }
  const rows = (Object.keys(KPIS) as KpiName[])
    .filter((name) => kpis[name] !== undefined)
    .map(
      (name) =>
        `<tr><td>${name}</td><td class="number">${shown(kpis[name])}</td><td>${KPIS[name].unit}</td><td><small>${text(KPIS[name].means)}</small></td></tr>`,
    );
  return `<table><tr><th>figure</th><th class="number">value</th><th>unit</th><th>what it is</th></tr>${rows.join('')}</table>`;
}

const figureHtml = ({ title, explains, svg }: Figure): string =>
  `<figure><figcaption><b>${text(title)}</b>${text(explains)}</figcaption>${svg}</figure>`;

/** A value of a scenario's own as text; long lists stay in the metrics file. */
const EXTRA_CHARS_MAX = 400;

function extraTable({ extra }: ScenarioReport): string {
  const rows = Object.entries(extra).flatMap(([name, value]) => {
    const told = typeof value === 'number' ? shown(value) : JSON.stringify(value);
    return told === undefined || told.length > EXTRA_CHARS_MAX
      ? []
      : [`<tr><td>${text(name)}</td><td>${text(told)}</td></tr>`];
  });
  return rows.length === 0 ? '' : `<h2>What else was found</h2><table>${rows.join('')}</table>`;
}

function runSection(run: ScenarioReport['recordings'][number]): string {
  const figures = figuresOf(run).map(figureHtml);
  return `<h2>Run ${text(run.trainingRunId)}</h2>${KEY}${figures.join('\n')}${markTable(run.marks)}`;
}

const MARKS_SHOWN = 40;

function markTable(marks: ScenarioReport['recordings'][number]['marks']): string {
  if (marks.length === 0) return '';
  const rows = marks
    .slice(0, MARKS_SHOWN)
    .map(
      ({ step, name, detail }) =>
        `<tr><td class="number">${step}</td><td>${text(name)}</td><td>${text(detail)}</td></tr>`,
    );
  const more = marks.length > MARKS_SHOWN ? `<p><small>and ${marks.length - MARKS_SHOWN} more</small></p>` : '';
  return `<table><tr><th class="number">step</th><th>event</th><th>detail</th></tr>${rows.join('')}</table>${more}`;
}

function environmentTable({ environment }: ScenarioReport): string {
  const { versions, ...machine } = environment;
  const rows = [...Object.entries(machine), ...Object.entries(versions)].map(
    ([name, value]) => `<tr><td>${text(name)}</td><td>${text(value)}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}
