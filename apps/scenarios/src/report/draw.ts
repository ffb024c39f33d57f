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

/** The same colours where there is no page: light, on white. */
const ON_WHITE: Readonly<Record<string, string>> = {
  line: '#1f6feb',
  second: '#8a94a0',
  bad: '#c62828',
  warn: '#b26a00',
  good: '#1b7f3b',
};

/** A figure as a file of its own, with its title, to be shown outside a report. */
export function standaloneSvg({ title, svg }: Figure): string {
  const bare = svg.replace(/<style>[\s\S]*?<\/style>/, '');
  const coloured = bare.replace(/var\(--(\w+)\)/g, (found, name: string) => ON_WHITE[name] ?? found);
  const label = title.replace(/[^A-Za-z0-9 ,.?]/g, '');
  return coloured.replace(
    /^<svg /,
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}" style="background:#fff;color:#1c2024;font-family:system-ui,sans-serif" `,
  );
}

/** A plot as a figure of a report, of the width of a page. */
export function draw(title: string, explains: string, options: Plot.PlotOptions): Figure {
  const svg = Plot.plot({ document, width: WIDTH, marginLeft: 96, marginRight: 20, ...options });
  return { title, explains, svg: svg.outerHTML };
}
