import type { Dashboard, Panel } from './dashboard.ts';

const COLUMNS = 24;
const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { stat: 4, lines: 8, stack: 8 };
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in.
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A dashboard as Grafana imports it; which Prometheus is asked is a variable of the page. */
export function grafanaJson(board: Dashboard): string {
  return `${JSON.stringify(
    {
      uid: board.uid,
      title: board.title,
      description: board.about,
      tags: ['tamiyo'],
      schemaVersion: 39,
      editable: false,
      graphTooltip: 1,
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      templating: {
        list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} }],
      },
      panels: panelsOf(board),
    },
    null,
    2,
  )}\n`;
}

function panelsOf(board: Dashboard): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of board.rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      const h = HEIGHTS[panel.kind];
      panels.push(panelOf(panel, panels.length + 1, { x, y, w: panel.width, h }));
      x += panel.width;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return panels;
}

function panelOf(panel: Panel, id: number, gridPos: object): object {
  const stat = panel.kind === 'stat';
  return {
    id,
    type: stat ? 'stat' : 'timeseries',
    title: panel.title,
    description: panel.about,
    datasource: DATASOURCE,
    gridPos,
    targets: panel.targets.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(stat ? { instant: true, range: false } : { range: true }),
    })),
    fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
    options: stat
      ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
}

function fieldDefaults({ kind, unit, limit, below, max }: Panel): object {
  const [well, bad] = below === true ? ['red', 'green'] : ['green', 'red'];
  const steps = [{ color: well, value: null }, ...(limit === undefined ? [] : [{ color: bad, value: limit }])];
  return {
    unit,
    min: unit === 'percentunit' && kind === 'stat' ? undefined : 0,
    ...(max === undefined ? {} : { max }),
    thresholds: { mode: 'absolute', steps },
    ...(kind === 'stat'
      ? {}
      : {
          custom: {
            lineWidth: 1,
            fillOpacity: kind === 'stack' ? 30 : 5,
            stacking: { mode: kind === 'stack' ? 'normal' : 'none' },
            thresholdsStyle: { mode: limit === undefined ? 'off' : 'line' },
          },
        }),
  };
}
