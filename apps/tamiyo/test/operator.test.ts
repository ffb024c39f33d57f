import { systemClock } from '@esper/std/node';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { OPERATOR_ACTIONS, type OperatorAction } from '../src/host/operator-action.js';
import { RecoveryFold } from '../src/records/recover.js';
import { eventsOf, toldFixture } from './support/told-fixture.js';

const packet = (step: number, validationLoss = 0.5) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, validationLoss });
const order = { who: 'mara', why: 'a look at the data' } as const;
const action = (kind: OperatorAction['kind'], more: object = {}): OperatorAction =>
  ({ kind, trainingRunId: 'run-1', order, ...more }) as OperatorAction;

function calm() {
  const fixture = toldFixture();
  fixture.inference.answer = { action: 1 };
  return fixture;
}

describe('orders of an operator', () => {
  it('CM-06: conservative mode that was set stays until it is cleared, and both are told', async () => {
    const fixture = calm();
    expect((await fixture.engine.operate(action('conservative_set'))).ok).toBe(true);
    for (const step of [1, 2, 3]) {
      const outcome = await fixture.engine.decide('run-1', packet(step));
      expect(outcome.ok && outcome.value.command.commandType).toBe('PAUSE');
    }
    expect((await fixture.engine.operate(action('conservative_clear'))).ok).toBe(true);
    const after = await fixture.engine.decide('run-1', packet(4));
    expect(after.ok && after.value.command.commandType).toBe('OPTIMIZER');
    expect(eventsOf(fixture.packets[0])).toEqual(['operator_order', 'conservative_entered']);
    expect(fixture.packets[0]?.events[0]?.attributes).toMatchObject({ action: 'conservative_set', ...order });
  });

  it('a held run gets no command until it is released', async () => {
    const fixture = calm();
    await fixture.engine.operate(action('hold'));
    const held = await fixture.engine.decide('run-1', packet(1));
    expect(held).toMatchObject({ ok: false, error: { code: 'RUN_HELD', facts: { attributes: order } } });
    expect(held.ok ? '' : held.error.message).toContain('mara');
    expect(fixture.inference.calls).toBe(0);
    const other = await fixture.engine.decide('run-2', buildPacket({ trainingRunId: 'run-2', packetId: 'b' }));
    expect(other.ok).toBe(true);
    await fixture.engine.operate(action('release'));
    expect((await fixture.engine.decide('run-1', packet(1))).ok).toBe(true);
    expect(fixture.packets.flatMap((told) => eventsOf(told))).toEqual(
      expect.arrayContaining(['run_held', 'decision_refused', 'run_released']),
    );
  });

  it('a hold ends by itself when its time is over', async () => {
    const fixture = calm();
    const untilMs = systemClock.wallMs() + 86_400_000;
    const set = await fixture.engine.operate(action('hold', { order: { ...order, untilMs } }));
    expect(set.ok && set.value.state.hold).toMatchObject({ untilMs });
    expect((await fixture.engine.decide('run-1', packet(1))).ok).toBe(false);
    // The state as it would be a day later.
    const state = fixture.parts.runs.get('run-1');
    fixture.parts.runs.set('run-1', { ...state, hold: state.hold && { ...state.hold, untilMs: 1 } }, untilMs);
    expect((await fixture.engine.decide('run-1', packet(2))).ok).toBe(true);
  });

  it('a breaker that is held open stops the call; reset gives it back', async () => {
    const fixture = calm();
    await fixture.engine.operate(action('breaker_open', { breaker: 'inference' }));
    expect(await fixture.engine.decide('run-1', packet(1))).toMatchObject({
      ok: false,
      error: { code: 'BREAKER_OPEN' },
    });
    expect(fixture.inference.calls).toBe(0);
    await fixture.engine.operate(action('breaker_reset', { breaker: 'inference' }));
    expect((await fixture.engine.decide('run-1', packet(2))).ok).toBe(true);
  });

  it('a breaker that is switched off lets every call through', async () => {
    const fixture = calm();
    await fixture.engine.operate(action('breaker_disable', { breaker: 'inference' }));
    fixture.inference.hanging = true;
    for (const step of [1, 2, 3, 4, 5]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.inference.calls).toBe(5);
  });

  it('an order without a name, a reason or with an end that has passed is refused, and changes nothing', async () => {
    const fixture = calm();
    const bad = [
      { ...order, who: '  ' },
      { ...order, why: '' },
      { ...order, untilMs: 5 },
    ];
    for (const kind of OPERATOR_ACTIONS) {
      for (const given of bad) {
        // A release and a clear have no end.
        if ('untilMs' in given && (kind === 'release' || kind === 'conservative_clear')) continue;
        const outcome = await fixture.engine.operate(action(kind, { order: given, breaker: 'metadata' }));
        expect(outcome, `${kind} ${JSON.stringify(given)}`).toMatchObject({
          ok: false,
          error: { code: 'OPERATOR_REFUSED' },
        });
      }
    }
    expect(fixture.journal.records).toEqual([]);
    expect(fixture.engine.run('run-1')).toBeUndefined();
  });

  it('an order is durable before it is in force, and without its record it is not', async () => {
    const fixture = calm();
    fixture.journal.failing = new Error('no space');
    expect(await fixture.engine.operate(action('hold'))).toMatchObject({ ok: false, error: { code: 'RECORD_FAILED' } });
    fixture.journal.failing = undefined;
    expect((await fixture.engine.decide('run-1', packet(1))).ok).toBe(true);
  });

  it('an order waits its turn in the run, and a full lane does not turn it away', async () => {
    const fixture = toldFixture({ queueMax: 1 });
    fixture.inference.answer = { action: 1 };
    let open = (): void => undefined;
    fixture.journal.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = fixture.engine.decide('run-1', packet(1));
    const ordered = fixture.engine.operate(action('hold'));
    await settle();
    expect(await fixture.engine.decide('run-1', packet(2))).toMatchObject({
      ok: false,
      error: { code: 'RUN_QUEUE_FULL' },
    });
    fixture.journal.gate = undefined;
    open();
    expect((await first).ok).toBe(true);
    expect((await ordered).ok).toBe(true);
    expect(fixture.journal.kinds()).toEqual(['decision', 'operator']);
  });

  it('what was ordered is in force again after a restart', async () => {
    const fixture = calm();
    await fixture.engine.operate(action('conservative_set'));
    await fixture.engine.operate(action('breaker_open', { breaker: 'metadata' }));
    await fixture.engine.operate(action('hold'));
    const fold = new RecoveryFold(0);
    fixture.journal.records.forEach((record, at) => {
      fold.add(record, at + 1);
    });
    const recovered = fold.result().runs.get('run-1')?.state;
    expect(recovered).toEqual(fixture.parts.runs.get('run-1'));
    expect(recovered).toMatchObject({
      hold: { who: 'mara' },
      risk: { mode: { kind: 'on', hold: { who: 'mara' } }, breakers: { metadata: { kind: 'forced_open' } } },
    });
  });

  it('CM-19: what an operator needs to see is in the view of the run', async () => {
    const fixture = calm();
    expect(fixture.engine.run('run-1')).toBeUndefined();
    await fixture.engine.decide('run-1', packet(1));
    await fixture.engine.decide('run-1', packet(2, 5));
    expect(fixture.engine.run('run-1')).toMatchObject({
      trainingRunId: 'run-1',
      pending: 0,
      state: { sequence: 2, risk: { mode: { kind: 'on', reason: 'loss_spike' } } },
    });
  });
});

describe('whoever listens', () => {
  it('hears decisions, failures, transitions and orders, in order', async () => {
    const fixture = calm();
    await fixture.engine.decide('run-1', packet(1));
    await fixture.engine.decide('run-1', packet(2, 5));
    await fixture.engine.operate(action('conservative_clear'));
    await fixture.engine.decide('run-1', null);
    expect(
      fixture.happened.map((event) => (event.type === 'transition' ? event.event.description : event.type)),
    ).toEqual(['decision', 'conservative_entered', 'decision', 'operator', 'conservative_exited', 'failure']);
  });
});
