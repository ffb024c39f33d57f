import type { Panel } from '../dashboards/dashboard.ts';
import { valueText } from './value-text.ts';

/** The course of one line: seconds since 1970 and values. */
export interface Course {
  readonly legend: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const [HEIGHT, LEFT, RIGHT, BOTTOM, TOP] = [190, 62, 6, 22, 8];
/** Of a chart, for each of 24 columns: text is as large in every panel. */
const COLUMN_WIDTH = 54;
const widthOf = ({ width }: Panel): number => width * COLUMN_WIDTH;
const COLOURS = [
  '#1f6feb',
  '#1b7f3b',
  '#b26a00',
  '#8250df',
  '#c62828',
  '#0f7c8a',
  '#7a5c00',
  '#bf3989',
  '#57606a',
  '#3a8c00',
];
const TICKS = 4;
/** Points further apart than this share of the span are not joined: between them nothing was known. */
const GAP = 0.03;

/** Text as it stands in HTML. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A chart with its legend, as HTML. */
export function lineChart(panel: Panel, given: readonly Course[], span: Span): string {
  const courses = panel.kind === 'stack' ? stacked(given) : given;
  const values = courses.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  if (values.length === 0) return '<p class="none">no data</p>';
  const width = widthOf(panel);
  const top = panel.max ?? topOf(values, panel.limit);
  const x = (seconds: number): number =>
    LEFT + ((seconds * 1000 - span.fromMs) / (span.toMs - span.fromMs)) * (width - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (Math.min(value, top) / top) * (HEIGHT - BOTTOM - TOP);
  const lines = courses.map(({ points }, at) => {
    const path = pathOf(points, { x, y, gapSeconds: (GAP * (span.toMs - span.fromMs)) / 1000 });
    return `<path d="${path}" fill="none" stroke="${colourOf(at)}" stroke-width="1.4"/>`;
  });
  const limit =
    panel.limit === undefined || panel.limit > top
      ? ''
      : `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(panel.limit)}" y2="${y(panel.limit)}" class="limit"/>`;
  const svg = `<svg viewBox="0 0 ${width} ${HEIGHT}">${grid(panel, top, y)}${times(span, x)}${limit}${lines.join('')}</svg>`;
  return svg + legendOf(given, panel);
}

const colourOf = (at: number): string => COLOURS[at % COLOURS.length] as string;

/** Each line on top of those before it. Their points are at the same times: they come from one query. */
function stacked(courses: readonly Course[]): readonly Course[] {
  const below = new Map<number, number>();
  return courses.map(({ legend, points }) => ({
    legend,
    points: points.map(([seconds, value]) => {
      const sum = (below.get(seconds) ?? 0) + value;
      below.set(seconds, sum);
      return [seconds, sum] as const;
    }),
  }));
}

function topOf(values: readonly number[], limit: number | undefined): number {
  const highest = Math.max(...values);
  // The limit is worth seeing where values come near it.
  const wanted = limit !== undefined && highest > limit / 3 ? Math.max(highest, limit) : highest;
  return wanted > 0 ? wanted * 1.08 : 1;
}

function pathOf(
  points: Course['points'],
  at: { readonly x: (s: number) => number; readonly y: (v: number) => number; readonly gapSeconds: number },
): string {
  let before = Number.NEGATIVE_INFINITY;
  return points
    .filter(([, value]) => Number.isFinite(value))
    .map(([seconds, value]) => {
      const letter = seconds - before > at.gapSeconds ? 'M' : 'L';
      before = seconds;
      return `${letter}${at.x(seconds).toFixed(1)} ${at.y(value).toFixed(1)}`;
    })
    .join('');
}

const grid = (panel: Panel, top: number, y: (value: number) => number): string =>
  Array.from({ length: TICKS + 1 }, (_, at) => (top * at) / TICKS)
    .map(
      (value) =>
        `<line x1="${LEFT}" x2="${widthOf(panel) - RIGHT}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${LEFT - 6}" y="${y(value) + 3.5}" text-anchor="end">${escaped(valueText(value, panel.unit))}</text>`,
    )
    .join('');

const times = ({ fromMs, toMs }: Span, x: (seconds: number) => number): string =>
  Array.from({ length: 5 }, (_, at) => fromMs + ((toMs - fromMs) * (at + 0.5)) / 5)
    .map(
      (ms) =>
        `<text x="${x(ms / 1000)}" y="${HEIGHT - 6}" text-anchor="middle">${new Date(ms).toISOString().slice(11, 19)}</text>`,
    )
    .join('');

function legendOf(courses: readonly Course[], { unit }: Panel): string {
  const entries = courses.map(({ legend, points }, at) => {
    const last = points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? Number.NaN;
    return `<span><i style="background:${colourOf(at)}"></i>${escaped(legend)} <b>${escaped(valueText(last, unit))}</b></span>`;
  });
  return `<p class="legend">${entries.join('')}</p>`;
}
