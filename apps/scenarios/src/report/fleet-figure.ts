import * as Plot from '@observablehq/plot';
import type { Figure } from '../core/figure.js';
import type { FleetResult } from '../drive/fleet.js';
import type { SharedFleet } from '../drive/shared-fleet.js';
import { COLOUR, draw } from './draw.js';

/** Latency against the number of runs. */
export function fleetFigure(fleets: readonly FleetResult[]): readonly Figure[] {
  if (fleets.length === 0) return [];
  const points = fleets.flatMap(({ runs, p50Ms, p95Ms }) => [
    { runs, ms: p50Ms, kind: 'median' },
    { runs, ms: p95Ms, kind: '95th percentile' },
  ]);
  const figure = draw(
    'Latency against the number of runs',
    'Up to eight decisions at once, and one at a time in each run: median (blue) and 95th percentile (grey) in milliseconds, and decisions per second as text. Flat from ten runs on is good.',
    {
      height: 260,
      x: { type: 'log', label: 'runs', grid: true },
      y: { label: 'milliseconds', zero: true, grid: true },
      color: { domain: ['median', '95th percentile'], range: [COLOUR.line, COLOUR.second] },
      marks: [
        Plot.line(points, { x: 'runs', y: 'ms', stroke: 'kind' }),
        Plot.dot(points, { x: 'runs', y: 'ms', fill: 'kind', r: 4 }),
        Plot.text(fleets, {
          x: 'runs',
          y: 'p95Ms',
          text: ({ perSecond }: FleetResult) => `${perSecond.toFixed(0)}/s`,
          dy: -12,
          fill: 'currentColor',
        }),
      ],
    },
  );
  return [figure];
}

/** Latency of the three layouts of hosts, with what each decides in a second. */
export function layoutFigure(shared: SharedFleet | undefined): readonly Figure[] {
  if (shared === undefined) return [];
  const { layouts, runs, cores } = shared;
  const points = layouts.flatMap(({ layout, p50Ms, p95Ms }) => [
    { layout, ms: p50Ms, kind: 'median' },
    { layout, ms: p95Ms, kind: '95th percentile' },
  ]);
  const figure = draw(
    'Two hosts against one, on one Redis',
    `The same ${runs} runs on one host and on two, on a machine with ${cores} cores, eight decisions at once in all: median (blue) and 95th percentile (grey) in milliseconds, and decisions per second of all hosts together as text. In the last, each run goes to the other host after every decision.`,
    {
      height: 200,
      marginLeft: 160,
      marginRight: 60,
      x: { label: 'milliseconds', zero: true, grid: true },
      y: { label: null, domain: layouts.map(({ layout }) => layout) },
      color: { domain: ['median', '95th percentile'], range: [COLOUR.line, COLOUR.second] },
      marks: [
        Plot.ruleY(layouts, { y: 'layout', x1: 'p50Ms', x2: 'p95Ms', stroke: COLOUR.second }),
        Plot.dot(points, { x: 'ms', y: 'layout', fill: 'kind', r: 4 }),
        Plot.text(layouts, {
          x: 'p95Ms',
          y: 'layout',
          text: ({ perSecond }: SharedFleet['layouts'][number]) => `${perSecond.toFixed(0)}/s`,
          dx: 24,
          fill: 'currentColor',
        }),
      ],
    },
  );
  return [figure];
}
