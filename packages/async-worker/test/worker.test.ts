import { describe, expect, it } from 'vitest';
import { createWorker, type TaskOutcome, valueOrThrow, WORKER_DEFAULTS, WorkerError } from '../src/index.js';
import { nodeWorkerPorts } from '../src/node.js';
import { bench, gate } from './bench.js';

const codeOf = (outcome: TaskOutcome<unknown>): unknown =>
  'error' in outcome && outcome.error instanceof WorkerError ? outcome.error.code : undefined;

describe('submission', () => {
  it.each([
    ['a deadline that is text', { deadlineMs: '100' as never }, RangeError],
    ['a signal that is none', { signal: {} as never }, TypeError],
    ['no signal at all', { signal: null as never }, TypeError],
  ])('throws for %s, and has counted and kept nothing', async (_, options, kind) => {
    const { time, worker } = bench();
    expect(() => worker.submit(() => 1, options)).toThrow(kind);
    expect(worker.stats()).toMatchObject({ submitted: 0, queued: 0, running: 0 });
    await time.until(worker.idle());
  });

  it('AW-01: one worker serves tasks of different callers and starts no executor per call', async () => {
    const { time, worker } = bench();
    const inference = worker.submit(() => 'graph', { name: 'inference' });
    const metadata = worker.submit(async () => 'sheet', { name: 'metadata' });
    expect(await time.until(inference.outcome)).toMatchObject({ kind: 'completed', value: 'graph' });
    expect(await time.until(metadata.outcome)).toMatchObject({ kind: 'completed', value: 'sheet' });
    expect(worker.stats()).toMatchObject({ submitted: 2, completed: 2, queued: 0, running: 0 });
  });

  it('AW-02: takes sync and async functions and thenables, and gives value, error, done and cancel', async () => {
    const { time, worker } = bench();
    // A thenable that is no Promise, as query builders are.
    const thenable = Object.defineProperty({}, 'then', {
      value: (resolve: (value: string) => void) => resolve('thenable'),
    }) as PromiseLike<string>;
    const values = [() => 'sync', async () => 'async', () => thenable].map((task) => worker.submit(task));
    expect(values.map((handle) => handle.done())).toEqual([false, false, false]);
    const outcomes = await time.until(Promise.all(values.map(({ outcome }) => outcome)));
    expect(outcomes.map(valueOrThrow)).toEqual(['sync', 'async', 'thenable']);
    expect(values.map((handle) => handle.done())).toEqual([true, true, true]);
    expect(values[0]?.cancel()).toBe(false);

    const boom = new Error('boom');
    const failed = await time.until(
      worker.submit(() => {
        throw boom;
      }).outcome,
    );
    expect(failed).toMatchObject({ kind: 'failed', error: boom });
    expect(() => valueOrThrow(failed)).toThrow(boom);
  });

  it('AW-03: executes at most concurrencyMax tasks at once and refuses a bound that is not positive', async () => {
    const { time, worker } = bench({ concurrencyMax: 2 });
    let now = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      now += 1;
      most = Math.max(most, now);
      await time.sleep(10);
      now -= 1;
    };
    await time.until(Promise.all(Array.from({ length: 9 }, () => worker.submit(task).outcome)));
    expect(most).toBe(2);
    for (const concurrencyMax of [0, -1, 1.5, Number.NaN]) {
      expect(() => bench({ concurrencyMax })).toThrow(
        `concurrencyMax must be a whole number of at least 1, got ${concurrencyMax}`,
      );
    }
  });

  it('refuses past queueMax with a code, at once, and goes on working', async () => {
    const { time, worker } = bench({ concurrencyMax: 1, queueMax: 1 });
    const hold = gate();
    const first = worker.submit(() => hold.opened);
    const second = worker.submit(() => 'queued');
    const third = worker.submit(() => 'one too many');
    expect(codeOf(await third.outcome)).toBe('WORKER_QUEUE_FULL');
    hold.open();
    await time.until(Promise.all([first.outcome, second.outcome]));
    expect(worker.stats()).toMatchObject({ submitted: 2, completed: 2, refused: 1 });
  });

  it('checks every option by name and leaves the given object alone', () => {
    expect(() => bench({ queueMax: Number.NaN })).toThrow('queueMax must be a whole number of at least 0, got NaN');
    expect(() => bench({ nestingMax: -1 })).toThrow('nestingMax must be a whole number of at least 0, got -1');
    expect(() => bench({ shutdownGraceMs: -5 })).toThrow('shutdownGraceMs must be between 0 and 2147483647, got -5');
    const { worker } = bench();
    expect(() => worker.submit(() => 1, { deadlineMs: Number.NaN })).toThrow('deadlineMs must be at most');
    expect(() => worker.submit(() => 1, { deadlineMs: 2 ** 31 })).toThrow('got 2147483648');
    expect(worker.stats().submitted).toBe(0);
    expect(Object.isFrozen(WORKER_DEFAULTS)).toBe(true);
  });

  it('TM-03: a deadline of zero or less is no deadline', async () => {
    const { time, worker } = bench();
    for (const deadlineMs of [0, -1, Number.NEGATIVE_INFINITY]) {
      const { outcome } = worker.submit(() => time.sleep(1e6).then(() => 'slow'), { deadlineMs });
      expect(await time.until(outcome)).toMatchObject({ kind: 'completed', value: 'slow' });
    }
  });
});

describe('deadlines', () => {
  it('AW-04: a missed deadline is a WorkerError of its own code, with what it was about', async () => {
    const { time, worker } = bench();
    const { outcome } = worker.submit(() => new Promise(() => undefined), { deadlineMs: 5, name: 'inference' });
    const missed = await time.until(outcome);
    expect(missed).toMatchObject({ kind: 'timed_out', phase: 'running', elapsedMs: 5 });
    expect(codeOf(missed)).toBe('WORKER_DEADLINE');
    expect(() => valueOrThrow(missed)).toThrow('inference had no result after 5 ms (running)');
  });

  it('a deadline never comes early, although timers may', async () => {
    const { time, worker } = bench();
    const early = createWorker({
      ...nodeWorkerPorts(),
      clock: time,
      timers: { after: (ms, fire) => time.after(Math.max(0.01, ms - 0.9), fire) },
    });
    const missed = await time.until(early.submit(() => new Promise(() => undefined), { deadlineMs: 5 }).outcome);
    expect(missed.kind === 'timed_out' && missed.elapsedMs).toBeGreaterThanOrEqual(5);
    expect(worker.stats().submitted).toBe(0);
  });

  it('a result after the deadline is no result, although a blocked event loop kept the timer from firing', async () => {
    const { time, worker } = bench();
    const { outcome } = worker.submit(() => time.block(20), { deadlineMs: 10 });
    expect(await outcome).toMatchObject({ kind: 'timed_out', elapsedMs: 20 });
    expect(worker.stats()).toMatchObject({ timedOut: 1, completed: 0, lateDropped: 1 });
  });

  it('a result in time wins and disarms the timer', async () => {
    const { time, worker } = bench();
    const { outcome } = worker.submit(() => time.sleep(4).then(() => 'in time'), { deadlineMs: 5 });
    expect(await time.until(outcome)).toMatchObject({ kind: 'completed', value: 'in time', elapsedMs: 4 });
    await time.advance(100);
    expect(worker.stats()).toMatchObject({ completed: 1, timedOut: 0 });
  });
});

describe('cancellation', () => {
  it('cancels a queued task without ever starting it, and a running one through its signal', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    const reasons: unknown[] = [];
    const running = worker.submit(
      (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as WorkerError).code);
            resolve('stopped');
          });
        }),
    );
    let started = false;
    const queued = worker.submit(() => {
      started = true;
    });
    expect(queued.cancel('not needed')).toBe(true);
    expect(running.cancel()).toBe(true);
    expect(running.cancel()).toBe(false);
    const outcomes = await time.until(Promise.all([running.outcome, queued.outcome]));
    expect(outcomes.map(codeOf)).toEqual(['WORKER_CANCELLED', 'WORKER_CANCELLED']);
    expect(() => valueOrThrow(outcomes[1] as TaskOutcome<void>)).toThrow('task was cancelled: not needed');
    await worker.idle();
    expect({ started, reasons }).toEqual({ started: false, reasons: ['WORKER_CANCELLED'] });
    expect(worker.stats()).toMatchObject({ submitted: 2, cancelled: 2, lateDropped: 1, lingering: 0 });
  });

  it("follows the caller's signal, before and after the start, and keeps its reason as the cause", async () => {
    const { worker } = bench();
    const already = worker.submit(() => 'never', { signal: AbortSignal.abort('gone') });
    const control = new AbortController();
    const later = worker.submit(() => new Promise(() => undefined), { signal: control.signal });
    control.abort('left');
    for (const [handle, cause] of [
      [already, 'gone'],
      [later, 'left'],
    ] as const) {
      const outcome = await handle.outcome;
      expect(outcome.kind === 'cancelled' && outcome.error.cause).toBe(cause);
    }
  });
});

describe('AW-05: counters', () => {
  it('AW-05: submitted = completed + cancelled + timed out + failed once idle', async () => {
    const { time, worker } = bench({ concurrencyMax: 2 });
    const handles = [
      worker.submit(() => 'value'),
      worker.submit(() => Promise.reject(new Error('no'))),
      worker.submit(() => time.sleep(50), { deadlineMs: 5 }),
      worker.submit(() => time.sleep(50)),
      worker.submit(() => 'queued'),
    ];
    handles[3]?.cancel();
    await time.until(worker.idle());
    expect(worker.stats()).toEqual({
      submitted: 5,
      completed: 2,
      failed: 1,
      timedOut: 1,
      cancelled: 1,
      refused: 0,
      lateDropped: 1,
      queued: 0,
      running: 0,
      lingering: 0,
    });
  });

  it('AW-11: 96 jobs at concurrency 6 before a bound of 128 are all served and none is refused', async () => {
    const { time, worker } = bench({ concurrencyMax: 6, queueMax: 128 });
    let depthMax = 0;
    const handles = Array.from({ length: 96 }, () => worker.submit(() => time.sleep(1)));
    depthMax = Math.max(depthMax, worker.stats().queued);
    await time.until(Promise.all(handles.map(({ outcome }) => outcome)));
    expect(worker.stats()).toMatchObject({ submitted: 96, completed: 96, refused: 0 });
    expect(depthMax).toBe(90);
  });
});

describe('shutdown', () => {
  it('AW-06: after shutdown begins submissions are refused clearly and queued handles resolve as cancelled', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    const handles = [1, 2, 3].map(() => worker.submit((signal) => untilAborted(signal)));
    const closing = worker.shutdown();
    expect(codeOf(await worker.submit(() => 'late').outcome)).toBe('WORKER_CLOSED');
    const outcomes = await time.until(Promise.all(handles.map(({ outcome }) => outcome)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await time.until(closing)).toEqual({ cancelled: 3, lingering: 0, elapsedMs: 0 });
  });

  it('AW-07: shutdown is prompt, idempotent, and bounded by its grace when a task ignores its signal', async () => {
    const idle = bench();
    expect(await idle.worker.shutdown()).toEqual({ cancelled: 0, lingering: 0, elapsedMs: 0 });

    const { time, worker } = bench({ shutdownGraceMs: 40 });
    const deaf = worker.submit(() => time.sleep(1000));
    const [first, second] = [worker.shutdown(), worker.shutdown()];
    expect(first).toBe(second);
    expect(await time.until(first)).toEqual({ cancelled: 1, lingering: 1, elapsedMs: 40 });
    expect((await deaf.outcome).kind).toBe('cancelled');
    await time.until(worker.idle());
    expect(worker.stats()).toMatchObject({ cancelled: 1, lateDropped: 1, lingering: 0 });
  });

  it('does not wait with a grace of zero, and can be called from inside a task', async () => {
    const hasty = bench({ shutdownGraceMs: 0 });
    hasty.worker.submit(() => new Promise(() => undefined));
    expect(await hasty.worker.shutdown()).toMatchObject({ cancelled: 1, lingering: 1 });

    const { time, worker } = bench();
    const inside = worker.submit(() => worker.shutdown());
    expect(await time.until(inside.outcome)).toMatchObject({
      kind: 'completed',
      value: { cancelled: 0, elapsedMs: 0 },
    });
  });
});

describe('real time', () => {
  it('AW-12: costs far less than a 5 ms budget per task', async () => {
    const worker = createWorker({ ...nodeWorkerPorts(), concurrencyMax: 4 });
    const count = 2000;
    const startedAt = performance.now();
    for (let i = 0; i < count; i += 1) await worker.submit(async () => i, { deadlineMs: 5000 }).outcome;
    // Measured at about 0.005 ms; the bound only has to leave room inside 5 ms.
    expect((performance.now() - startedAt) / count).toBeLessThan(0.5);
    await worker.shutdown();
  });
});

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
