import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  clearConservative,
  forceBreaker,
  initialRiskState,
  type RiskState,
  reportBreaker,
  setConservative,
} from '../../src/index.js';
import { calmInput, inputWith, momentAt } from '../../src/testing.js';

const fresh = initialRiskState(CONFIG);
const order = { who: 'ada', why: 'replacing the disk' };
const step = (state: RiskState, ms: number) => assess(state, calmInput({ at: momentAt(ms) }), CONFIG);
const names = (events: readonly { readonly description: string }[]) => events.map(({ description }) => description);

describe('an operator', () => {
  it('CM-06: sets the mode, with who and why, and it stays until cleared', () => {
    const set = setConservative(fresh, order, momentAt(0));
    expect(set.events).toEqual([
      { description: 'conservative_entered', level: 'WARNING', attributes: { reason: 'operator', ...order } },
    ]);
    let state = set.state;
    for (let n = 1; n <= 40; n += 1) state = step(state, n * 3_600_000).state;
    expect(state.mode).toMatchObject({ kind: 'on', reason: 'operator', hold: { who: 'ada', untilMs: null } });
  });

  it('CM-19: clears the mode, whatever had started it', () => {
    const paused = assess(fresh, inputWith({ loss_delta: 9 }), CONFIG).state;
    const cleared = clearConservative(paused, { who: 'ada', why: 'it was the data' }, momentAt(2500));
    expect(cleared.events).toEqual([
      {
        description: 'conservative_exited',
        level: 'INFO',
        attributes: {
          reason: 'operator',
          previous_reason: 'loss_spike',
          duration_s: '2.500',
          who: 'ada',
          why: 'it was the data',
        },
      },
    ]);
    expect(step(cleared.state, 2600).command.commandType).toBe('SEED');
    expect(clearConservative(cleared.state, order, momentAt(2600)).events).toEqual([]);
  });

  it('a hold with an end ends by itself, and its end is recorded', () => {
    const until = momentAt(10_000).wallMs;
    const { state, events } = setConservative(fresh, { ...order, untilMs: until }, momentAt(0));
    expect(events[0]?.attributes['until_ms']).toBe(String(until));
    expect(step(state, 9_999).command.commandType).toBe('PAUSE');
    const over = step(state, 10_000);
    expect(names(over.events).slice(0, 2)).toEqual(['conservative_hold_expired', 'conservative_exited']);
    expect(over.events[1]?.attributes).toMatchObject({ reason: 'hold_expired', duration_s: '10.000' });
    expect(over.command.commandType).toBe('SEED');
  });

  it('a date set forward does not end a hold early', () => {
    const { state } = setConservative(fresh, { ...order, untilMs: momentAt(10_000).wallMs }, momentAt(0));
    const jumped = { wallMs: momentAt(86_400_000).wallMs, monoMs: momentAt(50).monoMs };
    expect(assess(state, calmInput({ at: jumped }), CONFIG).state.mode.kind).toBe('on');
  });

  it('a hold that ends over a mode with a trigger of its own leaves that mode on', () => {
    const paused = assess(fresh, inputWith({ loss_delta: 9 }), CONFIG).state;
    const held = setConservative(paused, { ...order, untilMs: momentAt(1_000).wallMs }, momentAt(0));
    expect(names(held.events)).toEqual(['conservative_held']);
    const after = step(held.state, 2_000);
    expect(names(after.events)).toContain('conservative_hold_expired');
    expect(after.state.mode).toMatchObject({ kind: 'on', hold: null, reason: 'loss_spike' });
  });

  it('a trigger during a hold keeps the mode on when the hold ends', () => {
    const { state } = setConservative(fresh, { ...order, untilMs: momentAt(1_000).wallMs }, momentAt(0));
    const hit = assess(state, inputWith({ loss_delta: 9 }, { at: momentAt(500) }), CONFIG).state;
    expect(step(hit, 2_000).state.mode).toMatchObject({ kind: 'on', reason: 'loss_spike', hold: null });
  });

  it('refuses an order without a name, a reason, or with an end that has passed', () => {
    expect(() => setConservative(fresh, { who: ' ', why: 'x' }, momentAt(0))).toThrow('who must say something');
    expect(() => clearConservative(fresh, { who: 'x', why: '' }, momentAt(0))).toThrow('why must say something');
    const past = momentAt(0).wallMs;
    expect(() => setConservative(fresh, { ...order, untilMs: past }, momentAt(0))).toThrow(
      `untilMs must lie after now (${past})`,
    );
    expect(() => setConservative(fresh, { ...order, untilMs: Number.NaN }, momentAt(0))).toThrow(RangeError);
  });

  it('keeps at most 200 characters of what was said', () => {
    const { state } = setConservative(fresh, { who: 'a'.repeat(500), why: 'b'.repeat(500) }, momentAt(0));
    expect(state.mode).toMatchObject({ hold: { who: 'a'.repeat(200), why: 'b'.repeat(200) } });
  });

  it('forces a breaker, with an event, until a date', () => {
    const call = {
      name: 'inference',
      kind: 'forced_open',
      order: { ...order, untilMs: momentAt(5_000).wallMs },
      at: momentAt(0),
    } as const;
    const forced = forceBreaker(fresh, call, CONFIG);
    expect(forced.events).toEqual([
      {
        description: 'breaker_event',
        level: 'WARNING',
        attributes: { component: 'inference', action: 'forced_open', ...order },
      },
    ]);
    const ask = (ms: number) => askBreaker(forced.state, { name: 'inference', at: momentAt(ms) }, CONFIG).allowed;
    expect([ask(4_999), ask(5_000)]).toEqual([false, true]);
    expect(forced.state.breakers['inference']).toEqual({
      kind: 'forced_open',
      generation: 1,
      failures: 0,
      forced: { ...order, untilMs: 5_000 },
    });
  });

  it('a breaker nobody configured is a bug of the host', () => {
    expect(() => askBreaker(fresh, { name: 'nope', at: momentAt(0) }, CONFIG)).toThrow(
      'no breaker is configured under the name nope',
    );
  });

  it('orders given in the middle of a run count from then', () => {
    const running = step(fresh, 0).state;
    const later = { ...order, untilMs: momentAt(30_000).wallMs };
    const { state } = setConservative(running, later, momentAt(20_000));
    expect(state.mode).toMatchObject({
      enteredMs: 20_000,
      hold: { setMs: 20_000, setWallMs: momentAt(20_000).wallMs },
    });
    expect(step(state, 29_999).state.mode.kind).toBe('on');
    const over = step(state, 30_000);
    expect(over.events.slice(0, 2)).toEqual([
      { description: 'conservative_hold_expired', level: 'INFO', attributes: order },
      {
        description: 'conservative_exited',
        level: 'INFO',
        attributes: { reason: 'hold_expired', previous_reason: 'operator', duration_s: '10.000' },
      },
    ]);
    // The date says that it is over; the time that was watched does not.
    const jumped = { wallMs: momentAt(86_400_000).wallMs, monoMs: momentAt(20_050).monoMs };
    expect(assess(state, calmInput({ at: jumped }), CONFIG).state.mode.kind).toBe('on');
  });

  it('a breaker that is forced in the middle of a run stays so for as long as was said', () => {
    const running = step(fresh, 0).state;
    const force = (until: { readonly untilMs?: number }) => {
      const call = {
        name: 'inference',
        kind: 'forced_open',
        order: { ...order, ...until },
        at: momentAt(20_000),
      } as const;
      return forceBreaker(running, call, CONFIG).state;
    };
    const allowed = (state: RiskState, ms: number) =>
      askBreaker(state, { name: 'inference', at: momentAt(ms) }, CONFIG).allowed;
    const short = force({ untilMs: momentAt(25_000).wallMs });
    expect(short.breakers['inference']).toMatchObject({ forced: { untilMs: 25_000 } });
    expect([allowed(short, 24_999), allowed(short, 25_000)]).toEqual([false, true]);
    expect(force({}).breakers['inference']).toMatchObject({ forced: { untilMs: null } });
    expect(allowed(force({}), 1e9)).toBe(false);
  });

  it('every order needs a name and a reason, and every breaker a configuration', () => {
    expect(() => clearConservative(fresh, { who: '', why: 'x' }, momentAt(0))).toThrow('who must say something');
    expect(() => setConservative(fresh, { who: 'x', why: ' ' }, momentAt(0))).toThrow('why must say something');
    const nowhere = { name: 'nope', kind: 'disabled', order, at: momentAt(0) } as const;
    expect(() => forceBreaker(fresh, nowhere, CONFIG)).toThrow('no breaker is configured under the name nope');
    const report = { name: 'nope', report: { kind: 'success' }, at: momentAt(0) } as const;
    expect(() => reportBreaker(fresh, report, CONFIG)).toThrow('no breaker is configured under the name nope');
  });
});
