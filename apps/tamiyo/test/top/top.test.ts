import { describe, expect, it } from 'vitest';
import { keysIn, screenText } from '../../src/cli/top-screen.js';
import { eventsOfBlock, factsOfRun, queuesOf } from '../../src/top/live-events.js';
import { renderTop, type TopState } from '../../src/top/render-top.js';
import { TimeTravel } from '../../src/top/time-travel.js';
import { eventOfRecord, type TopEvent } from '../../src/top/top-event.js';
import { TopTally } from '../../src/top/top-tally.js';
import { recordedRun } from '../support/replay-fixture.js';

const decision = (atMs: number, more: Partial<TopEvent> = {}): TopEvent => ({
  kind: 'decision',
  atMs,
  trainingRunId: 'run-1',
  text: 'OPTIMIZER (policy)',
  commandType: 'OPTIMIZER',
  totalMs: 10,
  ...more,
});

const stateOf = (tally: TopTally, more: Partial<TopState> = {}): TopState => ({
  view: tally.view(),
  source: 'the log',
  status: 'live',
  isTrouble: false,
  budgets: { decisionMs: 250 },
  queues: { 'telemetry.emergency': 3, http: 0 },
  keys: 'q end',
  ...more,
});

async function recorded(): Promise<TopTally> {
  const tally = new TopTally();
  for (const record of await recordedRun()) {
    const event = eventOfRecord(record);
    if (event !== undefined) tally.add(event);
  }
  return tally;
}

const textOf = (state: TopState, columns: number, rows: number) =>
  screenText(renderTop(state, { columns, rows }), false);

describe('the picture of tamiyo top', () => {
  it('shows decisions, latency against its budget, modes, breakers, queues and what happened', async () => {
    const text = textOf(stateOf(await recorded()), 160, 30).join('\n');
    expect(text).toContain('decisions 6');
    expect(text).toMatch(/failed 1 /);
    expect(text).toMatch(/latency p95 .* of 250 ms \[[#.]{8}\]/);
    expect(text).toMatch(/commands .*PAUSE \d.* changed by risk \d/);
    expect(text).toContain('telemetry.emergency 3');
    expect(text).toMatch(/run-1 +conservative +.*closed.* +6 /);
    expect(text).toContain('OPTIMIZER → PAUSE (loss_spike)');
    expect(text).toContain('CATALOGUE_FAILED at resolve');
    expect(text).toContain('conservative_set by ada: to see it');
  });

  it.each([
    [160, 30],
    [60, 24],
    [20, 8],
    [5, 3],
    [300, 100],
  ])('fits into %i columns and %i rows, keys last', async (columns, rows) => {
    const lines = textOf(stateOf(await recorded()), columns, rows);
    expect(lines.length).toBeLessThanOrEqual(Math.max(8, rows));
    expect(lines.every((line) => line.length <= Math.max(20, columns))).toBe(true);
    expect(lines.at(-1)).toBe('q end');
  });

  it('a narrow one keeps run, mode, breakers and sequence, and gives up the rest', async () => {
    const lines = textOf(stateOf(await recorded()), 60, 24);
    expect(lines.some((line) => /^run +mode +breakers +sequence$/.test(line))).toBe(true);
  });

  it('is empty before anything happened, and marks trouble', () => {
    const lines = renderTop(stateOf(new TopTally(), { isTrouble: true, status: 'not ready: log' }), {
      columns: 80,
      rows: 20,
    });
    expect(screenText(lines, false).join('\n')).toContain('latency none yet');
    expect(screenText(lines, true)[0]).toContain('\u001b[31mnot ready: log\u001b[0m');
  });

  it('without colour has no escape sequence, and what a name smuggles in is shown, not obeyed', () => {
    const tally = new TopTally();
    tally.add(decision(1, { trainingRunId: 'evil\u001b[2J\nrun', text: '\u0007bell' }));
    const text = textOf(stateOf(tally), 120, 20).join('');
    expect(text).not.toMatch(/\p{Cc}/u);
    expect(text).toContain('evil?[2J?run');
  });
});

describe('what is counted', () => {
  it('the rate is that of the last ten seconds, whatever came before', () => {
    const tally = new TopTally();
    for (let at = 0; at < 100; at += 1) tally.add(decision(at * 1_000));
    expect(tally.view().perSecond).toBe(1);
    expect(tally.view(200_000).perSecond).toBe(0);
    expect(tally.view()).toMatchObject({ decisions: 100, latencyMs: { p50: 10, p95: 10, p99: 10 } });
  });

  it('stays small however much happens', () => {
    const tally = new TopTally();
    for (let at = 0; at < 5_000; at += 1) {
      const run = {
        sequence: at,
        decisions: at,
        failuresInRow: 0,
        lastValidationLoss: null,
        mode: 'normal',
        breakers: {},
        held: false,
      };
      tally.add(decision(at, { run: { trainingRunId: `run-${at}`, ...run } }));
    }
    const view = tally.view();
    expect([view.events.length, view.runs.length]).toEqual([64, 256]);
    expect(view.runs[0]?.trainingRunId).toBe('run-4999');
  });
});

describe('time travel', () => {
  it('goes back and forth, and shows each moment as it was', () => {
    const travel = new TimeTravel();
    for (let at = 1; at <= 250; at += 1) travel.add(decision(at * 100));
    expect([travel.place, travel.view().decisions, travel.isAtEnd]).toEqual(['250 of 250', 250, true]);
    for (const [move, place] of [
      ['back', 249],
      ['page_back', 149],
      ['first', 1],
      ['back', 1],
      ['on', 2],
      ['page_on', 102],
      ['last', 250],
      ['on', 250],
    ] as const) {
      travel.move(move);
      expect([travel.place, travel.view().decisions]).toEqual([`${place} of 250`, place]);
    }
  });

  it('over an empty log stands still', () => {
    const travel = new TimeTravel();
    travel.move('back');
    expect([travel.place, travel.view().decisions]).toEqual(['0 of 0', 0]);
  });
});

describe('what a terminal and a host send', () => {
  it('several keys in one read are several keys', () => {
    expect(keysIn('\u001b[D\u001b[D\u001b[5~q ')).toEqual(['\u001b[D', '\u001b[D', '\u001b[5~', 'q', ' ']);
  });

  it('a block of the event stream is an event; heartbeats and what another version sends are none', () => {
    const event = {
      type: 'decision',
      atMs: 5,
      trainingRunId: 'r',
      commandType: 'PAUSE',
      proposedType: 'SEED',
      reason: 'x',
      totalMs: 3,
    };
    expect(eventsOfBlock(`id: a:1\nevent: decision\ndata: ${JSON.stringify(event)}`)).toEqual([
      expect.objectContaining({ kind: 'decision', isChanged: true, text: 'SEED → PAUSE (x)' }),
    ]);
    expect(eventsOfBlock(': still here')).toEqual([]);
    expect(eventsOfBlock('event: new\ndata: {"type":"new"}')).toEqual([]);
  });

  it('queues are read off the page of metrics, runs off their view', () => {
    expect(
      queuesOf('# HELP x y\ntamiyo_telemetry_queued{lane="emergency"} 4\ntamiyo_http_under_way 1\nother 5\n'),
    ).toEqual({
      'telemetry.emergency': 4,
      http: 1,
    });
    const facts = {
      trainingRunId: 'r',
      pending: 2,
      sequence: 3,
      decisions: 3,
      failuresInRow: 0,
      lastValidationLoss: 1,
    };
    const breakers = { inference: { kind: 'open' }, metadata: { kind: 'closed', failures: 2 } };
    expect(factsOfRun({ ...facts, conservative: { kind: 'on' }, breakers, hold: null })).toEqual({
      ...facts,
      mode: 'conservative',
      breakers: { inference: { kind: 'open', failures: 0 }, metadata: { kind: 'closed', failures: 2 } },
      held: false,
    });
  });
});
