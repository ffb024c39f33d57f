import * as Plot from '@observablehq/plot';
import type { Figure } from '../core/figure.js';
import { COLOUR, draw } from './draw.js';

/** One confirmed restore. */
export interface RestorePoint {
  readonly tier: string;
  readonly ms: number;
}

/** Every restore of a rollback drill and the limit of its tier, on one logarithmic axis. */
export function restoreFigure(
  points: readonly RestorePoint[],
  limitsMs: Readonly<Record<string, number>>,
): readonly Figure[] {
  if (points.length === 0) return [];
  const tiers = Object.keys(limitsMs);
  const limits = tiers.map((tier) => ({ tier, ms: limitsMs[tier] as number }));
  const figure = draw(
    'Restores',
    'From the packet that showed the critical evidence to the confirmed restore, milliseconds, logarithmic: one dot each. The bar is the limit of the tier.',
    {
      height: 60 + 70 * tiers.length,
      x: { type: 'log', label: 'milliseconds', grid: true },
      fy: { domain: tiers, label: null, axis: 'left' },
      marks: [
        Plot.dotX(points, Plot.dodgeY({ x: 'ms', fy: 'tier', r: 3, fill: COLOUR.line, anchor: 'middle' })),
        Plot.tickX(limits, { x: 'ms', fy: 'tier', stroke: COLOUR.bad, strokeWidth: 2 }),
        Plot.text(limits, {
          x: 'ms',
          fy: 'tier',
          text: () => 'limit',
          fill: COLOUR.bad,
          dx: -6,
          textAnchor: 'end',
          frameAnchor: 'top',
          dy: 6,
        }),
      ],
    },
  );
  return [figure];
}
