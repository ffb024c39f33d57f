import * as Plot from '@observablehq/plot';
import type { Figure } from '../core/figure.js';
import { COLOUR, draw } from './draw.js';

/** The two endings of one seed, as final accuracy. */
export interface ValuePair {
  readonly seed: number;
  readonly alone: number;
  readonly controlled: number;
}

/** Final accuracy of every seed with and without control, joined by a line, sorted by what control changed. */
export function valueFigure(pairs: readonly ValuePair[]): readonly Figure[] {
  if (pairs.length === 0) return [];
  const sorted = [...pairs].sort((a, b) => a.controlled - a.alone - (b.controlled - b.alone));
  const seeds = sorted.map(({ seed }) => String(seed));
  const rows = sorted.map((pair) => ({ ...pair, seed: String(pair.seed), helped: pair.controlled >= pair.alone }));
  const dots = rows.flatMap(({ seed, alone, controlled }) => [
    { seed, accuracy: alone, run: 'alone' },
    { seed, accuracy: controlled, run: 'controlled' },
  ]);
  const figure = draw(
    'Does control help?',
    'Final accuracy of the same seed under the same faults: alone (grey), controlled (blue). Green lines: control was better; red: worse. Seeds are sorted by the difference.',
    {
      height: 60 + 18 * seeds.length,
      marginLeft: 70,
      x: { domain: [0, 1], label: 'final accuracy', grid: true },
      y: { domain: seeds, label: 'seed' },
      color: { domain: ['alone', 'controlled'], range: [COLOUR.second, COLOUR.line] },
      marks: [
        Plot.link(rows, {
          x1: 'alone',
          x2: 'controlled',
          y1: 'seed',
          y2: 'seed',
          stroke: (row: { readonly helped: boolean }) => (row.helped ? COLOUR.good : COLOUR.bad),
          strokeWidth: 2,
        }),
        Plot.dot(dots, { x: 'accuracy', y: 'seed', fill: 'run', r: 4 }),
      ],
    },
  );
  return [figure];
}
