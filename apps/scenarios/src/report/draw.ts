import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Figure } from '../core/figure.js';

const WIDTH = 860;
const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Colours by role, as variables of the page: the page chooses them for light, dark and print. */
export const COLOUR = {
  line: 'var(--line)',
  second: 'var(--second)',
  bad: 'var(--bad)',
  warn: 'var(--warn)',
  good: 'var(--good)',
} as const;

/** A plot as a figure of a report, of the width of a page. */
export function draw(title: string, explains: string, options: Plot.PlotOptions): Figure {
  const svg = Plot.plot({ document, width: WIDTH, marginLeft: 96, marginRight: 20, ...options });
  return { title, explains, svg: svg.outerHTML };
}
