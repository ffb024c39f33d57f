import { describe, expect, it } from 'vitest';
import { type HostOptions, resolveHostOptions, restartPauseMs } from '../../src/core/hosting/host-options.js';
import { openInferencePool } from '../../src/shell/hosting/inference-pool.js';
import { FakeMaker, type FakeRuntime, HandTime, reactions, tensors } from './fake-runtimes.js';

async function open(given: { overdue?: 'kill' | 'abandon'; options?: HostOptions } = {}) {
  const time = new HandTime();
  const maker = new FakeMaker(given.overdue ?? 'kill');
  const host = await openInferencePool(resolveHostOptions(given.options), { clock: time, timers: time, maker });
  const runtime = (index: number): FakeRuntime => maker.made[index] as FakeRuntime;
  return { time, maker, host, runtime };
}

describe('serving', () => {
  it('answers with the outputs and both latencies', async () => {
    const { time, host, runtime } = await open();
    const reply = host.infer(tensors(1), 5);
    await time.pass(2);
    runtime(0).answers(7);
    expect(await reply).toMatchObject({ ok: true, value: { runMs: 1, totalMs: 2 } });
    expect(host.stats()).toMatchObject({ calls: 1, ready: 2, timeouts: 0 });
  });

  it('gives concurrent calls to the standby, then lets them wait, then refuses', async () => {
    const { host, runtime } = await open({ options: { queueMax: 1 } });
    const replies = [1, 2, 3, 4].map((value) => host.infer(tensors(value), 50));
    expect(await replies[3]).toMatchObject({ ok: false, error: { code: 'inference_unavailable' } });
    runtime(1).answers(20);
    await reactions();
    expect(runtime(1).runs).toEqual([tensors(2), tensors(3)]);
    runtime(1).answers(30);
    runtime(0).answers(10);
    const values = await Promise.all(replies.slice(0, 3));
    expect(values.map((reply) => reply.ok && reply.value.outputs['y']?.data[0])).toEqual([10, 20, 30]);
  });

  it('refuses inputs that are missing, unknown or not finite before any runtime sees them', async () => {
    const { host, runtime } = await open();
    expect(await host.infer({}, 5)).toMatchObject({ error: { reason: 'the model needs the input x' } });
    expect(await host.infer({ ...tensors(1), ...tensors(1, 'q') }, 5)).toMatchObject({
      error: { reason: 'the model knows no input q' },
    });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(await host.infer(tensors(bad), 5)).toEqual({ ok: false, error: { code: 'nonfinite_input', tensor: 'x' } });
    }
    expect(runtime(0).runs).toEqual([]);
    expect(() => host.infer(tensors(1), Number.NaN)).toThrow('deadlineMs must be a number, got NaN');
    // It used to be taken for no deadline at all.
    expect(() => host.infer(tensors(1), '5' as never)).toThrow('deadlineMs must be a number, got 5');
  });

  it('D-39, P-D35: refuses outputs that are not finite, and passes on why a run failed', async () => {
    const { host, runtime } = await open();
    const nan = host.infer(tensors(1), 5);
    runtime(0).answers(Number.NaN);
    expect(await nan).toEqual({ ok: false, error: { code: 'nonfinite_output', tensor: 'y' } });
    const failing = host.infer(tensors(1), 5);
    runtime(0).fails('Gather: index out of range');
    expect(await failing).toMatchObject({ error: { code: 'inference_failed', reason: 'Gather: index out of range' } });
    expect(host.readyCount()).toBe(2);
  });

  it('TM-03: a deadline of zero or less is no deadline', async () => {
    const { time, host, runtime } = await open();
    const reply = host.infer(tensors(1), 0);
    await time.pass(1e6);
    runtime(0).answers(1);
    expect(await reply).toMatchObject({ ok: true });
  });
});

describe('deadlines', () => {
  it.each(['our own loop was blocked', 'nobody gave it a core'])(
    'a runtime that was late because %s is not killed',
    async (why) => {
      const { time, host, runtime } = await open({ options: { overdueMsMax: 100 } });
      const late = host.infer(tensors(1), 5);
      if (why === 'our own loop was blocked') time.block(40);
      await time.pass(why === 'our own loop was blocked' ? 0 : 5);
      expect(await late).toMatchObject({ ok: false, error: { code: 'inference_timeout' } });
      await time.pass(99);
      expect(host.stats()).toMatchObject({ overdue: 1, ready: 1, killedOverdue: 0 });
      runtime(0).answers(1);
      await reactions();
      await time.pass(1000);
      expect(host.stats()).toMatchObject({ overdue: 0, ready: 2, killedOverdue: 0, lateDropped: 1, started: 2 });
    },
  );

  it('with overdueMsMax 0 it is killed at the deadline', async () => {
    const { time, host, runtime } = await open({ options: { overdueMsMax: 0 } });
    const hanging = host.infer(tensors(1), 5);
    await time.pass(5);
    expect(await hanging).toMatchObject({ ok: false });
    expect(runtime(0).stops).toBe(1);
  });

  it('TM-04: past the deadline the call fails and the standby serves the next call; a runtime that stays silent is killed', async () => {
    const { time, host, maker, runtime } = await open();
    const hanging = host.infer(tensors(1), 5);
    await time.pass(5);
    expect(await hanging).toEqual({ ok: false, error: { code: 'inference_timeout', deadlineMs: 5, elapsedMs: 5 } });
    const next = host.infer(tensors(2), 5);
    runtime(1).answers(2);
    expect(await next).toMatchObject({ ok: true });
    await time.pass(99);
    expect(runtime(0).stops).toBe(0);
    await time.pass(1);
    expect(runtime(0).stops).toBe(1);
    runtime(0).ends();
    await time.pass(50);
    expect(maker.made.length).toBe(3);
    expect(host.stats()).toMatchObject({ timeouts: 1, killedOverdue: 1, unorderedDeaths: 0, ready: 2 });
  });

  it('TM-14: a thread that is overdue is never stopped; its late result is dropped and it serves again', async () => {
    const { time, host, maker, runtime } = await open({ overdue: 'abandon', options: { standbyCount: 0 } });
    const hanging = host.infer(tensors(1), 5);
    await time.pass(5);
    expect(await hanging).toMatchObject({ error: { code: 'inference_timeout' } });
    expect(host.stats()).toMatchObject({ overdue: 1, ready: 0 });
    expect(await host.infer(tensors(2), 5)).toMatchObject({ error: { code: 'inference_unavailable' } });
    runtime(0).answers(1);
    await reactions();
    expect(host.stats()).toMatchObject({ overdue: 0, ready: 1, lateDropped: 1 });
    const next = host.infer(tensors(3), 5);
    runtime(0).answers(33);
    expect(await next).toMatchObject({ value: { outputs: { y: { data: Float32Array.of(33) } } } });
    expect({ stops: runtime(0).stops, made: maker.made.length }).toEqual({ stops: 0, made: 1 });
  });

  it('D-16: a timed-out inference can neither answer late nor reach the call after it', async () => {
    const { time, host, runtime } = await open({ overdue: 'abandon' });
    const first = host.infer(tensors(1), 5);
    await time.pass(5);
    const second = host.infer(tensors(2), 50);
    runtime(0).answers(111);
    await reactions();
    runtime(1).answers(222);
    expect(await first).toMatchObject({ ok: false });
    expect(await second).toMatchObject({ value: { outputs: { y: { data: Float32Array.of(222) } } } });
  });

  it('TM-15: the deadline covers the wait for a busy runtime', async () => {
    const { time, host, runtime } = await open({ options: { standbyCount: 0 } });
    const first = host.infer(tensors(1), 100);
    const second = host.infer(tensors(2), 5);
    await time.pass(5);
    expect(await second).toMatchObject({ error: { code: 'inference_timeout', elapsedMs: 5 } });
    expect(runtime(0).stops).toBe(0);
    runtime(0).answers(1);
    expect(await first).toMatchObject({ ok: true });
    expect(runtime(0).runs.length).toBe(1);
  });

  it('PB-16: a hang with no ready standby answers inference_unavailable at once, also to those who wait', async () => {
    const { time, host } = await open({ options: { standbyCount: 0 } });
    const hanging = host.infer(tensors(1), 5);
    const waiting = host.infer(tensors(2), 1000);
    await time.pass(5);
    expect(await hanging).toMatchObject({ error: { code: 'inference_timeout' } });
    expect(await waiting).toMatchObject({ error: { code: 'inference_unavailable' } });
    expect(host.stats().unavailable).toBe(1);
  });

  it('a reply after the deadline is late although a blocked event loop kept the timer from firing', async () => {
    const { time, host, runtime } = await open();
    const reply = host.infer(tensors(1), 5);
    time.block(9);
    runtime(0).answers(1);
    expect(await reply).toEqual({ ok: false, error: { code: 'inference_timeout', deadlineMs: 5, elapsedMs: 9 } });
    expect(host.stats()).toMatchObject({ timeouts: 1, lateDropped: 1, killedOverdue: 0, ready: 2 });
  });

  it.each([
    { blocked: 30, unread: 26, counts: true },
    { blocked: 30, unread: 24, counts: false },
    // No answer may lie there for longer than the bound, whatever the runtime says of itself.
    { blocked: 60, unread: 59, counts: false },
  ])('read after $blocked ms, ready $unread ms before: counts: $counts', async ({ blocked, unread, counts }) => {
    const { time, host, runtime } = await open({ options: { unreadMsMax: 50 } });
    const reply = host.infer(tensors(1), 5);
    time.block(blocked);
    runtime(0).answers(7, unread);
    expect(await reply).toMatchObject(
      counts ? { ok: true, value: { totalMs: blocked } } : { error: { code: 'inference_timeout', elapsedMs: blocked } },
    );
    const tally = counts ? { readLate: 1, timeouts: 0 } : { readLate: 0, timeouts: 1, lateDropped: 1 };
    expect(host.stats()).toMatchObject({ ...tally, ready: 2 });
  });

  it('a call that waits behind an unread answer gets the time in which that lay there', async () => {
    const { time, host, runtime } = await open({ options: { unreadMsMax: 50, standbyCount: 0 } });
    const first = host.infer(tensors(1), 5);
    const waiting = host.infer(tensors(2), 5);
    time.block(20);
    runtime(0).answers(1, 18);
    expect(await first).toMatchObject({ ok: true });
    await reactions();
    // It was sent 20 ms after it came; 18 of them are not the network's.
    await time.pass(2);
    runtime(0).answers(2);
    expect(await waiting).toMatchObject({ ok: true, value: { totalMs: 22 } });
    const hanging = host.infer(tensors(3), 5);
    await time.pass(5);
    expect(await hanging).toMatchObject({ error: { code: 'inference_timeout', elapsedMs: 5 } });
  });

  it('what comes after the timer has told the caller is late, however long it lay unread', async () => {
    const { time, host, runtime } = await open({ options: { unreadMsMax: 50 } });
    const reply = host.infer(tensors(1), 5);
    await time.pass(5);
    runtime(0).answers(7, 4);
    expect(await reply).toMatchObject({ error: { code: 'inference_timeout' } });
    await reactions();
    expect(host.stats()).toMatchObject({ readLate: 0, lateDropped: 1 });
  });
});

describe('deaths and restarts', () => {
  it('counts a death nobody ordered, answers its call, and starts a replacement after a pause that doubles', async () => {
    const { time, host, maker, runtime } = await open({ options: { standbyCount: 0, restartDelayMs: 100 } });
    const reply = host.infer(tensors(1), 50);
    runtime(0).ends('signal SIGSEGV');
    expect(await reply).toEqual({
      ok: false,
      error: { code: 'inference_failed', reason: 'the runtime died during the run: signal SIGSEGV' },
    });
    await time.pass(99);
    expect(maker.made.length).toBe(1);
    await time.pass(1);
    expect(maker.made.length).toBe(2);
    runtime(1).ends('signal SIGSEGV');
    await time.pass(199);
    expect(maker.made.length).toBe(2);
    await time.pass(1);
    expect(maker.made.length).toBe(3);
    expect(host.stats()).toMatchObject({ unorderedDeaths: 2, killedOverdue: 0, ready: 1 });
  });

  it('a good run ends the row of failures', async () => {
    const { time, host, maker, runtime } = await open({ options: { standbyCount: 0, restartDelayMs: 100 } });
    runtime(0).ends();
    await time.pass(100);
    const good = host.infer(tensors(1), 5);
    runtime(1).answers(1);
    expect(await good).toMatchObject({ ok: true });
    runtime(1).ends();
    await time.pass(100);
    expect(maker.made.length).toBe(3);
  });

  it('PB-17: rejects with the reason when the first model is refused, and starts no standby for it', async () => {
    const time = new HandTime();
    const maker = new FakeMaker('kill', (made) => {
      made.refuses('the model bytes have SHA-256 0, expected 1');
      made.ends();
    });
    const opening = openInferencePool(resolveHostOptions(), { clock: time, timers: time, maker });
    await expect(opening).rejects.toMatchObject({
      code: 'inference_host_unstartable',
      message: 'the inference runtime did not start: the model bytes have SHA-256 0, expected 1',
    });
    await time.pass(60_000);
    expect(maker.made.length).toBe(1);
  });

  it('gives up a start that is not warm in time, and survives a start that throws', async () => {
    const time = new HandTime();
    let throwing = false;
    const maker = new FakeMaker('kill', (made) => {
      if (throwing) throw new Error('spawn EAGAIN');
      if (maker.made.length !== 2) made.becomesReady();
    });
    const opening = openInferencePool(resolveHostOptions({ startTimeoutMs: 40, restartDelayMs: 10 }), {
      clock: time,
      timers: time,
      maker,
    });
    await time.pass(40);
    const host = await opening;
    expect(maker.made[1]?.stops).toBe(1);
    throwing = true;
    await time.pass(10);
    expect(host.stats()).toMatchObject({ startFailures: 2, ready: 1 });
    throwing = false;
    await time.pass(20);
    expect(host.stats()).toMatchObject({ ready: 2 });
  });

  it('a restart waits for a call under way, within a bound', async () => {
    const { time, host, maker, runtime } = await open({ options: { standbyCount: 1, overdueMsMax: 0 } });
    const next = host.infer(tensors(1), 5).then(() => host.infer(tensors(2), 1000));
    await time.pass(15);
    expect(maker.made.length).toBe(2);
    await time.pass(50);
    expect(maker.made.length).toBe(3);
    runtime(1).answers(1);
    expect(await next).toMatchObject({ ok: true });
  });
});

describe('closing', () => {
  it('answers every call under way, stops all runtimes, is idempotent, and then refuses', async () => {
    const { host, maker, runtime } = await open({ options: { standbyCount: 0 } });
    const [running, waiting] = [host.infer(tensors(1), 50), host.infer(tensors(2), 50)];
    const closing = host.close();
    expect(host.close()).toBe(closing);
    for (const reply of [running, waiting])
      expect(await reply).toMatchObject({ error: { code: 'inference_unavailable' } });
    runtime(0).ends();
    await closing;
    expect(await host.infer(tensors(3), 5)).toMatchObject({ error: { reason: 'the host is closed' } });
    expect(maker.made.map(({ stops }) => stops)).toEqual([1]);
    expect(host.stats().unorderedDeaths).toBe(0);
  });

  it('does not wait for ever for a runtime that does not end', async () => {
    const { time, host } = await open({ options: { closeTimeoutMs: 30 } });
    let closed = false;
    host.close().then(() => {
      closed = true;
    });
    await time.pass(29);
    expect(closed).toBe(false);
    await time.pass(1);
    await reactions();
    expect(closed).toBe(true);
  });
});

describe('options', () => {
  it('are checked by name, and restart pauses double up to their bound', () => {
    expect(() => resolveHostOptions({ standbyCount: 1.5 })).toThrow(
      'standbyCount must be a whole number between 0 and 15, got 1.5',
    );
    expect(() => resolveHostOptions({ startTimeoutMs: Number.NaN })).toThrow('startTimeoutMs must be between 0 and');
    expect(() => resolveHostOptions({ closeTimeoutMs: -1 })).toThrow('got -1');
    const limits = resolveHostOptions({ restartDelayMs: 100, restartDelayMsMax: 500 });
    expect([0, 1, 2, 3, 4, 100].map((failures) => restartPauseMs(failures, limits))).toEqual([
      0, 100, 200, 400, 500, 500,
    ]);
  });
});
