import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createWorker } from '../../src/index.js';
import { bench, gate } from '../bench.js';

describe('the defects of the prototype worker', () => {
  it('D-31a: shutdown of a worker whose tasks heed their signal takes no grace at all', async () => {
    const { time, worker } = bench({ shutdownGraceMs: 5000 });
    worker.submit((signal) => new Promise<void>((end) => signal.addEventListener('abort', () => end())));
    expect(await time.until(worker.shutdown())).toEqual({ cancelled: 1, lingering: 0, elapsedMs: 0 });
  });

  it('D-31b: shutdown of a worker that has finished is immediate, and so is the second one', async () => {
    const { time, worker } = bench();
    await time.until(worker.submit(() => time.sleep(3)).outcome);
    expect((await time.until(worker.shutdown())).elapsedMs).toBe(0);
    expect((await time.until(worker.shutdown())).elapsedMs).toBe(0);
    expect(time.monoMs()).toBe(3);
  });

  it('D-31c: a 10 ms deadline behind a busy worker takes 10 ms, not until the worker is free', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    worker.submit(() => time.sleep(300));
    const behind = worker.submit(() => 'never starts', { deadlineMs: 10 });
    expect(await time.until(behind.outcome)).toMatchObject({ kind: 'timed_out', phase: 'queued', elapsedMs: 10 });
  });

  it('TM-15: a deadline covers queueing and execution together', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    worker.submit(() => time.sleep(6));
    const second = worker.submit(() => time.sleep(6), { deadlineMs: 10 });
    expect(await time.until(second.outcome)).toMatchObject({ kind: 'timed_out', phase: 'running', elapsedMs: 10 });
  });

  it('D-31d: a timed-out task keeps its slot until its code ends, so the bound on execution is true', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    let executing = 0;
    let most = 0;
    const deaf = async (): Promise<void> => {
      executing += 1;
      most = Math.max(most, executing);
      await time.sleep(100);
      executing -= 1;
    };
    const handles = Array.from({ length: 6 }, () => worker.submit(deaf, { deadlineMs: 10 }));
    const outcomes = await time.until(Promise.all(handles.map(({ outcome }) => outcome)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(6).fill('timed_out'));
    expect(worker.stats()).toMatchObject({ running: 0, lingering: 1, queued: 0 });
    await time.until(worker.idle());
    expect(most).toBe(1);
  });

  it('D-31e: a handle queued behind the bound at shutdown resolves', async () => {
    const { time, worker } = bench({ concurrencyMax: 1, shutdownGraceMs: 10 });
    worker.submit(() => new Promise(() => undefined));
    const queued = worker.submit(() => 'never');
    void worker.shutdown();
    expect(await time.until(queued.outcome)).toMatchObject({ kind: 'cancelled', error: { code: 'WORKER_CLOSED' } });
  });

  it('D-31f: cancelOnTimeout=false leaves the signal alone and lets the work finish', async () => {
    for (const cancelOnTimeout of [true, false]) {
      const { time, worker } = bench();
      let finished = '';
      const handle = worker.submit(
        async (signal) => {
          await time.sleep(50);
          finished = signal.aborted ? 'after an abort' : 'undisturbed';
        },
        { deadlineMs: 10, cancelOnTimeout },
      );
      expect((await time.until(handle.outcome)).kind).toBe('timed_out');
      await time.until(worker.idle());
      expect(finished).toBe(cancelOnTimeout ? 'after an abort' : 'undisturbed');
    }
  });

  it('D-31h: a timeout error raised inside the task is a failure of the task, not our deadline', async () => {
    const { time, worker } = bench();
    const own = new DOMException('driver timed out', 'TimeoutError');
    const { outcome } = worker.submit(() => Promise.reject(own), { deadlineMs: 1000 });
    expect(await time.until(outcome)).toEqual({ kind: 'failed', error: own, elapsedMs: 0 });
    expect(worker.stats()).toMatchObject({ failed: 1, timedOut: 0 });
  });

  it('TM-13: an error that looks like ours is still the error of the task', async () => {
    const { time, worker } = bench();
    const missed = await time.until(worker.submit(() => new Promise(() => undefined), { deadlineMs: 1 }).outcome);
    const forged = missed.kind === 'timed_out' ? missed.error : undefined;
    const { outcome } = worker.submit(() => Promise.reject(forged));
    expect(await time.until(outcome)).toMatchObject({ kind: 'failed', error: forged });
  });

  it('D-31i: cancelling a running task is counted, and reported as an ordinary outcome', async () => {
    const { time, worker } = bench();
    const hold = gate();
    const running = worker.submit(() => hold.opened);
    running.cancel();
    expect((await running.outcome).kind).toBe('cancelled');
    hold.fail(new Error('too late to matter'));
    await time.until(worker.idle());
    expect(worker.stats()).toMatchObject({ submitted: 1, cancelled: 1, failed: 0, lateDropped: 1 });
  });
});

describe('nesting', () => {
  it('AW-09: outer tasks that fill every slot and wait for inner ones do not deadlock', async () => {
    const { time, worker } = bench({ concurrencyMax: 2 });
    const outer = Array.from({ length: 5 }, (_, i) =>
      worker.submit(async () => {
        await time.sleep(1);
        const inner = await worker.submit(() => time.sleep(1).then(() => `inner ${i}`)).outcome;
        return inner.kind === 'completed' ? inner.value : inner.kind;
      }),
    );
    const outcomes = await time.until(Promise.all(outer.map(({ outcome }) => outcome)));
    expect(outcomes.map((outcome) => outcome.kind === 'completed' && outcome.value)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `inner ${i}`),
    );
  });

  it('D-31g: an inner task runs on the slot of the task that waits for it, one at a time', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    let now = 0;
    let most = 0;
    const leaf = async (): Promise<void> => {
      now += 1;
      most = Math.max(most, now);
      await time.sleep(5);
      now -= 1;
    };
    const outer = worker.submit(async () => {
      await Promise.all([1, 2, 3, 4].map(() => worker.submit(leaf).outcome));
      return time.monoMs();
    });
    expect(await time.until(outer.outcome)).toMatchObject({ kind: 'completed', value: 20 });
    expect(most).toBe(1);
  });

  it('a slot whose owner has gone stays taken until the inner task on it ends', async () => {
    const { time, worker } = bench({ concurrencyMax: 1 });
    const detached = gate();
    await time.until(worker.submit(() => void worker.submit(() => detached.opened)).outcome);
    const next = worker.submit(() => 'next');
    await time.advance(10);
    expect(next.done()).toBe(false);
    detached.open();
    expect(await time.until(next.outcome)).toMatchObject({ kind: 'completed', value: 'next' });
  });

  it('refuses a task that submits itself for ever, at nestingMax', async () => {
    const { time, worker } = bench({ nestingMax: 3 });
    const down = async (depth: number): Promise<number> => {
      const inner = await worker.submit(() => down(depth + 1)).outcome;
      if (inner.kind === 'refused') expect(inner.error.code).toBe('WORKER_NESTING_MAX');
      return inner.kind === 'completed' ? inner.value : depth;
    };
    expect(await time.until(worker.submit(() => down(0)).outcome)).toMatchObject({ kind: 'completed', value: 3 });
  });

  it('a chain of follow-up tasks that nobody waits for is no nesting', async () => {
    const { time, worker } = bench({ concurrencyMax: 1, nestingMax: 2 });
    const finished = gate<number>();
    const follow = async (left: number): Promise<void> => {
      await time.sleep(1);
      if (left === 0) finished.open(0);
      // After this task has ended, its context still belongs to it.
      else
        void Promise.resolve().then(async () => {
          await time.sleep(1);
          worker.submit(() => follow(left - 1));
        });
    };
    worker.submit(() => follow(50));
    expect(await time.until(finished.opened)).toBe(0);
    expect(worker.stats().refused).toBe(0);
  });

  it('finds its own task around one of another worker that shares its scope', async () => {
    const { time } = bench();
    const scope = new AsyncLocalStorage<object>();
    const make = () => createWorker({ concurrencyMax: 1, clock: time, timers: time, scope });
    const [one, two] = [make(), make()];
    const outer = one.submit(() => two.submit(() => one.submit(() => 'through both').outcome).outcome);
    const result = await time.until(outer.outcome);
    expect(result).toMatchObject({ value: { value: { kind: 'completed', value: 'through both' } } });
  });
});
