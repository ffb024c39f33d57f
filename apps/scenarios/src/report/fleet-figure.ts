import * as Plot from '@observablehq/plot';
import type { Figure } from '../core/figure.js';
import type { FleetResult } from '../drive/fleet.js';
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
    'Eight decisions at once, whatever the number of runs: median (blue) and 95th percentile (grey) in milliseconds, and decisions per second as text. Flat is good.',
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
