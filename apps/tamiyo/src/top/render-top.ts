import type { RunFacts, TopEvent } from './top-event.js';
import type { TopView } from './top-tally.js';

/** A piece of text and how it stands out; a terminal without colour shows the text alone. */
export type Emphasis = 'plain' | 'bold' | 'dim' | 'good' | 'warn' | 'bad';
export type TopLine = readonly { readonly text: string; readonly as: Emphasis }[];

/** What is shown: the view, where it comes from, and what only a running host can say. */
export interface TopState {
  readonly view: TopView;
  /** For example `http://127.0.0.1:8690` or the folder of a log. */
  readonly source: string;
  /** `live`, `paused`, or the place in a log. */
  readonly status: string;
  readonly isTrouble: boolean;
  /** Limits that decisions are held against, in milliseconds. */
  readonly budgets: { readonly decisionMs: number };
  /** What waits, by name. Empty where nobody says. */
  readonly queues: Readonly<Record<string, number>>;
  readonly keys: string;
}

export interface TopSize {
  readonly columns: number;
  readonly rows: number;
}

const WIDE_COLUMNS = 100;
const LEAST: TopSize = { columns: 20, rows: 8 };

/** The screen, line by line: at most `rows` lines of at most `columns` characters. Pure. */
export function renderTop(state: TopState, given: TopSize): readonly TopLine[] {
  const size = { columns: Math.max(LEAST.columns, given.columns), rows: Math.max(LEAST.rows, given.rows) };
  const isWide = size.columns >= WIDE_COLUMNS;
  const head = [titleLine(state), ...figures(state, isWide)];
  const foot: TopLine = [{ text: state.keys, as: 'dim' }];
  const room = size.rows - head.length - 1;
  const runRows = Math.max(1, Math.min(state.view.runs.length, Math.floor(room / 2) - 2));
  const runs = [
    heading(runHeading(size.columns)),
    ...state.view.runs.slice(0, runRows).map((run) => runLine(run, size.columns)),
  ];
  const eventRows = Math.max(0, room - runs.length - 1);
  const events = [
    heading('What happened'),
    ...state.view.events.slice(0, eventRows).map((event) => eventLine(event, isWide)),
  ];
  const lines = [...head, ...runs, ...events].slice(0, size.rows - 1);
  return [...lines, foot].map((line) => cut(line, size.columns));
}

const plain = (text: string): TopLine[number] => ({ text, as: 'plain' });
const heading = (text: string): TopLine => [{ text, as: 'bold' }];

function titleLine({ source, status, isTrouble, view }: TopState): TopLine {
  const when = view.nowMs === 0 ? '' : `  ${new Date(view.nowMs).toISOString().slice(11, 19)}`;
  return [
    { text: 'tamiyo top', as: 'bold' },
    plain('  '),
    { text: status, as: isTrouble ? 'bad' : 'good' },
    plain(`${when}  ${source}`),
  ];
}

/** Two blocks beside each other where there is room, else one line each. */
function figures(state: TopState, isWide: boolean): readonly TopLine[] {
  const lines = [rateLine(state), latencyLine(state), commandLine(state), queueLine(state)];
  if (!isWide) return lines;
  const [rate, latency, commands, queues] = lines as [TopLine, TopLine, TopLine, TopLine];
  return [
    [...rate, plain('    '), ...latency],
    [...commands, plain('    '), ...queues],
  ];
}

function rateLine({ view }: TopState): TopLine {
  return [
    plain(`decisions ${view.decisions}  ${view.perSecond.toFixed(1)}/s  failed `),
    { text: String(view.failures), as: view.failures > 0 ? 'warn' : 'plain' },
  ];
}

function latencyLine({ view, budgets }: TopState): TopLine {
  const { latencyMs } = view;
  if (latencyMs === null) return [plain('latency none yet')];
  const share = latencyMs.p95 / budgets.decisionMs;
  return [
    plain('latency p95 '),
    {
      text: `${ms(latencyMs.p95)} of ${budgets.decisionMs} ms ${bar(share)}`,
      as: share >= 1 ? 'bad' : share >= 0.5 ? 'warn' : 'good',
    },
    plain(`  p50 ${ms(latencyMs.p50)}  p99 ${ms(latencyMs.p99)}`),
  ];
}

function commandLine({ view }: TopState): TopLine {
  const kinds = Object.entries(view.commands).sort(([, one], [, other]) => other - one);
  return [
    plain(
      `commands ${kinds.length === 0 ? 'none yet' : kinds.map(([kind, count]) => `${kind} ${count}`).join(' ')}  changed by risk ${view.changed}`,
    ),
  ];
}

function queueLine({ queues }: TopState): TopLine {
  const waiting = Object.entries(queues);
  if (waiting.length === 0) return [plain('queues not told')];
  return [
    plain('queues '),
    ...waiting.map(([name, count]) => ({
      text: `${name} ${count}  `,
      as: count > 0 ? ('warn' as const) : ('plain' as const),
    })),
  ];
}

/** Columns of the run table, in the order in which a narrow screen gives them up: the last first. */
const COLUMNS = [
  { title: 'run', width: 14, of: (run: RunFacts) => run.trainingRunId },
  { title: 'mode', width: 13, of: (run: RunFacts) => (run.held ? 'held' : run.mode) },
  { title: 'breakers', width: 24, of: breakerText },
  { title: 'sequence', width: 9, of: (run: RunFacts) => String(run.sequence) },
  {
    title: 'loss',
    width: 9,
    of: (run: RunFacts) =>
      run.lastValidationLoss === null ? '-' : String(Number(run.lastValidationLoss.toPrecision(4))),
  },
  { title: 'failed', width: 7, of: (run: RunFacts) => `${run.failuresInRow}` },
  { title: 'waiting', width: 8, of: (run: RunFacts) => (run.pending === undefined ? '-' : String(run.pending)) },
  { title: 'rollbacks', width: 10, of: (run: RunFacts) => (run.rollbacks === undefined ? '-' : String(run.rollbacks)) },
  { title: 'last', width: 40, of: (run: RunFacts & { readonly last?: string }) => run.last ?? '' },
] as const;

function columnsFor(columns: number): readonly (typeof COLUMNS)[number][] {
  let used = 0;
  return COLUMNS.filter(({ width }) => {
    used += width;
    return used <= columns;
  });
}

const runHeading = (columns: number): string =>
  columnsFor(columns)
    .map(({ title, width }) => cell(title, width))
    .join('');

function runLine(run: RunFacts & { readonly last: string }, columns: number): TopLine {
  const trouble: Emphasis = run.held || run.mode !== 'normal' ? 'warn' : 'plain';
  return columnsFor(columns).map(({ title, width, of }) => ({
    text: cell(of(run), width),
    as: title === 'mode' ? trouble : title === 'breakers' ? breakerEmphasis(run) : 'plain',
  }));
}

/** Those that are not closed are named; failures that a closed one has counted too. */
function breakerText({ breakers }: RunFacts): string {
  const told = Object.entries(breakers).filter(([, { kind, failures }]) => kind !== 'closed' || failures > 0);
  return told.length === 0
    ? 'all closed'
    : told.map(([name, { kind, failures }]) => `${name} ${kind}${failures > 0 ? ` ${failures}` : ''}`).join(' ');
}

const breakerEmphasis = ({ breakers }: RunFacts): Emphasis =>
  Object.values(breakers).some(({ kind }) => kind !== 'closed') ? 'bad' : 'plain';

function eventLine(
  { kind, atMs, trainingRunId, text, isChanged = false, totalMs }: TopEvent,
  isWide: boolean,
): TopLine {
  const as: Emphasis = kind === 'failure' ? 'bad' : kind === 'order' ? 'warn' : isChanged ? 'warn' : 'plain';
  const when = new Date(atMs).toISOString().slice(11, isWide ? 23 : 19);
  const took = totalMs === undefined ? '' : `  ${ms(totalMs)}`;
  return [
    { text: `${when} `, as: 'dim' },
    plain(cell(trainingRunId, isWide ? 24 : 12)),
    { text, as },
    { text: took, as: 'dim' },
  ];
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const BAR_CELLS = 8;
const bar = (share: number): string => {
  const filled = Math.min(BAR_CELLS, Math.round(share * BAR_CELLS));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
};

/** Text in a column of its own, cut with an ellipsis; a blank keeps it apart from the next. */
function cell(text: string, width: number): string {
  const safe = printable(text);
  return safe.length < width ? safe.padEnd(width) : `${safe.slice(0, width - 2)}… `;
}

/** Names come from outside: whatever would steer a terminal is shown as a question mark. */
const printable = (text: string): string => text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');

function cut(line: TopLine, columns: number): TopLine {
  let left = columns;
  return line.flatMap(({ text, as }) => {
    const shown = printable(text).slice(0, Math.max(0, left));
    left -= shown.length;
    return shown === '' ? [] : [{ text: shown, as }];
  });
}
