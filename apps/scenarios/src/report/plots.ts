import * as Plot from '@observablehq/plot';
import type { Figure } from '../core/figure.js';
import { COLOUR, draw } from './draw.js';
import type { ScenarioReport } from './scenario-report.js';

type Recording = ScenarioReport['recordings'][number];

/** The figures of one run, in the order a reader wants them; a series without points gives none. */
export function figuresOf(run: Recording): readonly Figure[] {
  return [
    lossFigure(run),
    signalFigure(run),
    commandFigure(run),
    bandFigure(run),
    latencyFigure(run),
    hostFigure(run),
  ].filter((figure) => figure !== undefined);
}

const stepAxis = (run: Recording): Plot.ScaleOptions => ({
  label: 'step',
  domain: [0, Math.max(1, ...run.steps.map(({ step }) => step), ...run.decisions.map(({ step }) => step))],
});

function lossFigure(run: Recording): Figure | undefined {
  const points = run.steps.flatMap(({ step, loss, validationLoss }) => [
    ...(loss === null || loss <= 0 ? [] : [{ step, value: loss, kind: 'training' }]),
    ...(validationLoss === null || validationLoss <= 0 ? [] : [{ step, value: validationLoss, kind: 'validation' }]),
  ]);
  if (points.length === 0) return undefined;
  return draw(
    'Loss',
    'Training and validation loss, logarithmic. Dashed lines are faults that were injected and restores.',
    {
      height: 260,
      x: stepAxis(run),
      y: { type: 'log', grid: true, label: 'loss' },
      color: { legend: false, domain: ['training', 'validation'], range: [COLOUR.second, COLOUR.line] },
      marks: [
        Plot.ruleX(run.marks, { x: 'step', stroke: COLOUR.bad, strokeDasharray: '3,3', strokeOpacity: 0.6 }),
        Plot.lineY(points, { x: 'step', y: 'value', stroke: 'kind', strokeWidth: 1.5 }),
        Plot.text(labelled(run.marks, run.steps.at(-1)?.step ?? 1), {
          x: 'step',
          text: 'name',
          frameAnchor: 'top',
          dy: 2,
          dx: 4,
          textAnchor: 'start',
          fill: COLOUR.bad,
          rotate: 90,
        }),
      ],
    },
  );
}

/** Labels this near to the one before, as a share of the run, would be written over it. */
const LABEL_GAP = 0.03;

/** Marks that get a label: the first of each name, where there is room. The table below the plots has them all. */
function labelled(marks: Recording['marks'], lastStep: number): Recording['marks'] {
  const seen = new Set<string>();
  let previous = Number.NEGATIVE_INFINITY;
  return [...marks]
    .sort((a, b) => a.step - b.step)
    .filter(({ name, step }) => {
      if (seen.has(name) || step - previous < LABEL_GAP * lastStep) return false;
      seen.add(name);
      previous = step;
      return true;
    });
}

/** Ratios are cut off here: a value a thousand times its threshold and one ten times are both far over. */
const RATIO_MAX = 10;

function signalFigure(run: Recording): Figure | undefined {
  const points = run.decisions.flatMap(({ step, signals }) =>
    signals.flatMap(({ signal, ratio, passed }) =>
      ratio === null
        ? []
        : [{ step, signal, ratio: Math.min(RATIO_MAX, Math.max(0, ratio)), verdict: passed ? 'passed' : 'tripped' }],
    ),
  );
  if (points.length === 0) return undefined;
  const signals = [...new Set(points.map(({ signal }) => signal))];
  return draw(
    'Risk signals against their thresholds',
    `How near each is to tripping, cut off at ${RATIO_MAX} times its threshold; the line is where it trips.`,
    {
      height: 40 + 44 * signals.length,
      marginLeft: 190,
      x: stepAxis(run),
      y: { domain: [0, RATIO_MAX], axis: null, type: 'pow', exponent: 0.5 },
      fy: { domain: signals, label: null, axis: 'left' },
      marks: [
        Plot.ruleY([1], { stroke: COLOUR.bad, strokeOpacity: 0.6 }),
        Plot.dot(points, { x: 'step', y: 'ratio', fy: 'signal', r: 1.6, fill: 'verdict' }),
      ],
      color: { domain: ['passed', 'tripped'], range: [COLOUR.line, COLOUR.bad] },
    },
  );
}

const ROWS = ['SEED', 'OPTIMIZER', 'CIRCUIT_BREAKER', 'PAUSE', 'ROLLBACK', 'EMERGENCY', 'failed'] as const;

function commandFigure(run: Recording): Figure | undefined {
  const points = [
    ...run.decisions.map(({ step, command, proposed }) => ({
      step,
      row: command,
      kind: command === proposed ? 'as proposed' : 'changed by risk',
    })),
    ...run.failures.map(({ step }) => ({ step, row: 'failed', kind: 'failed' })),
  ];
  if (points.length === 0) return undefined;
  const present = new Set(points.map(({ row }) => row));
  return draw(
    'Commands',
    'What left the host at each step: as the policy proposed it, changed by risk, or no command at all.',
    {
      height: 40 + 22 * present.size,
      x: stepAxis(run),
      y: { domain: ROWS.filter((row) => present.has(row)), label: null },
      color: {
        domain: ['as proposed', 'changed by risk', 'failed'],
        range: [COLOUR.line, COLOUR.warn, COLOUR.bad],
      },
      marks: [Plot.tickX(points, { x: 'step', y: 'row', stroke: 'kind', strokeWidth: 1.2 })],
    },
  );
}

interface Band {
  readonly row: string;
  readonly from: number;
  readonly to: number;
}

/** Runs of steps for which something was true. */
function bandsOf(row: string, points: readonly { readonly step: number; readonly on: boolean }[]): readonly Band[] {
  const bands: Band[] = [];
  let from: number | undefined;
  for (const { step, on } of points) {
    if (on) from ??= step;
    else if (from !== undefined) {
      bands.push({ row, from, to: step });
      from = undefined;
    }
  }
  const last = points.at(-1)?.step;
  if (from !== undefined && last !== undefined) bands.push({ row, from, to: last + 1 });
  return bands;
}

function bandFigure(run: Recording): Figure | undefined {
  const answers = [...run.decisions, ...run.failures].sort((a, b) => a.step - b.step);
  const breakers = [...new Set(answers.flatMap(({ breakersOpen }) => breakersOpen))].sort();
  const rows = ['conservative', 'paused', ...breakers.map((name) => `${name} open`)];
  const bands = [
    ...bandsOf(
      'conservative',
      run.decisions.map(({ step, conservative }) => ({ step, on: conservative })),
    ),
    ...bandsOf(
      'paused',
      run.steps.map(({ step, paused }) => ({ step, on: paused })),
    ),
    ...breakers.flatMap((name) =>
      bandsOf(
        `${name} open`,
        answers.map(({ step, breakersOpen }) => ({ step, on: breakersOpen.includes(name) })),
      ),
    ),
  ];
  if (bands.length === 0) return undefined;
  return draw('Modes and breakers', 'When the host was conservative, the trainer paused, and a breaker not closed.', {
    height: 40 + 26 * rows.length,
    x: stepAxis(run),
    y: { domain: rows, label: null },
    color: { domain: rows, range: [COLOUR.warn, COLOUR.second, ...breakers.map(() => COLOUR.bad)] },
    marks: [Plot.barX(bands, { x1: 'from', x2: 'to', y: 'row', fill: 'row', insetTop: 4, insetBottom: 4 })],
  });
}

function latencyFigure(run: Recording): Figure | undefined {
  const points = run.decisions.flatMap(({ totalMs, inferenceMs, arrows }) => [
    { part: 'decision', ms: totalMs },
    { part: 'inference', ms: inferenceMs },
    ...(arrows['record'] === undefined ? [] : [{ part: 'durable record', ms: arrows['record'] }]),
    ...(arrows['assess'] === undefined ? [] : [{ part: 'risk', ms: arrows['assess'] }]),
  ]);
  if (points.length === 0) return undefined;
  // Bins of equal width in the logarithm: latencies spread over decades.
  const binned = points.map(({ part, ms }) => ({ part, log: Math.log10(Math.max(0.01, ms)) }));
  const bins: Plot.BinXInputs<Plot.RectYOptions> = {
    x: 'log',
    fy: 'part',
    fill: COLOUR.line,
    thresholds: 50,
    insetLeft: 0.5,
  };
  return draw('Latency', 'How often a part of a decision took how long, in milliseconds, logarithmic.', {
    height: 320,
    marginLeft: 110,
    x: { label: 'milliseconds', tickFormat: (log: number) => String(Number((10 ** log).toPrecision(2))) },
    y: { label: null, ticks: 3, grid: true },
    fy: { domain: ['decision', 'inference', 'durable record', 'risk'], label: null, axis: 'left' },
    marks: [Plot.rectY(binned, Plot.binX({ y: 'count' }, bins)), Plot.ruleY([0])],
  });
}

function hostFigure(run: Recording): Figure | undefined {
  if (run.samples.length < 2) return undefined;
  const points = run.samples.flatMap(({ seconds, rssBytes, eventLoopDelayMs, telemetryQueued, pending }) => [
    { seconds, row: 'memory, MB', value: rssBytes / 1e6 },
    { seconds, row: 'event loop delay, ms', value: eventLoopDelayMs },
    { seconds, row: 'telemetry queued', value: telemetryQueued },
    { seconds, row: 'decisions waiting', value: pending },
  ]);
  const rows = [...new Set(points.map(({ row }) => row))];
  const highest = new Map(
    rows.map((row) => [row, Math.max(1e-9, ...points.filter((point) => point.row === row).map(({ value }) => value))]),
  );
  const scaled = points.map((point) => ({ ...point, share: point.value / (highest.get(point.row) as number) }));
  const labels = rows.map((row) => ({ row, text: `most ${Number((highest.get(row) as number).toPrecision(4))}` }));
  return draw('The host', 'Memory, event loop and queues, each over its own maximum.', {
    height: 40 + 52 * rows.length,
    marginLeft: 150,
    marginRight: 90,
    x: { label: 'seconds' },
    y: { domain: [0, 1], axis: null },
    fy: { domain: rows, label: null, axis: 'left' },
    marks: [
      Plot.areaY(scaled, { x: 'seconds', y: 'share', fy: 'row', fill: COLOUR.line, fillOpacity: 0.25 }),
      Plot.lineY(scaled, { x: 'seconds', y: 'share', fy: 'row', stroke: COLOUR.line, strokeWidth: 1 }),
      Plot.text(labels, { fy: 'row', text: 'text', frameAnchor: 'right', dx: 86, fill: 'currentColor' }),
    ],
  });
}
