import { AsyncLocalStorage } from 'node:async_hooks';
import { type AsyncWorker, createWorker, type WorkerOptions } from '../src/index.js';
import { VirtualTime } from '../src/testing.js';

/** A worker in virtual time, and a gate that tasks can wait at. */
export function bench(options: WorkerOptions = {}): {
  readonly time: VirtualTime;
  readonly worker: AsyncWorker;
} {
  const time = new VirtualTime();
  return {
    time,
    worker: createWorker({ ...options, clock: time, timers: time, scope: new AsyncLocalStorage<object>() }),
  };
}

/** A promise with its handles outside. */
export function gate<T = void>(): {
  readonly opened: Promise<T>;
  readonly open: (value: T) => void;
  readonly fail: (error: unknown) => void;
} {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}
