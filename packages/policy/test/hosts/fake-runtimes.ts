import { type MonoClock, type MonoMs, monoMs } from '@esper/std';
import type { TensorMap } from '../../src/core/network/feeds.js';
import type { HostTimers, RunOutcome, Runtime, RuntimeMaker, StartOutcome } from '../../src/shell/hosting/runtime.js';

/** Clock and timers under the test's hand. */
export class HandTime implements MonoClock, HostTimers {
  #nowMs = 0;
  readonly #alarms = new Map<() => void, number>();

  monoMs(): MonoMs {
    return monoMs(this.#nowMs);
  }

  after(delayMs: number, fire: () => void): () => void {
    const alarm = (): void => fire();
    this.#alarms.set(alarm, this.#nowMs + delayMs);
    return () => this.#alarms.delete(alarm);
  }

  /** Time passes while the event loop is blocked: no timer fires. */
  block(ms: number): void {
    this.#nowMs += ms;
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await reactions();
      const [next] = [...this.#alarms].sort((a, b) => a[1] - b[1]);
      if (next === undefined || next[1] > untilMs) break;
      this.#alarms.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1]);
      next[0]();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}

/** Lets every promise react. */
export const reactions = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const INFO = { runtime: 'fake', inputNames: ['x'], outputNames: ['y'], loadMs: 1, warmUpMs: 1 };

/** A runtime whose every step the test takes. */
export class FakeRuntime implements Runtime {
  readonly started: Promise<StartOutcome>;
  readonly ended: Promise<string>;
  /** Inputs of the runs so far. */
  readonly runs: TensorMap[] = [];
  stops = 0;
  #start: (outcome: StartOutcome) => void = () => undefined;
  #end: (how: string) => void = () => undefined;
  #answer: (outcome: RunOutcome) => void = () => undefined;

  constructor() {
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  run(inputs: TensorMap): Promise<RunOutcome> {
    this.runs.push(inputs);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  stop(): void {
    this.stops += 1;
  }

  becomesReady(): void {
    this.#start({ kind: 'ready', info: INFO });
  }

  refuses(reason: string): void {
    this.#start({ kind: 'refused', reason });
  }

  /** `unreadMs`: how long the answer has been lying there. */
  answers(value: number, unreadMs = 0): void {
    this.#answer({ kind: 'outputs', outputs: tensors(value, 'y'), runMs: 1, unreadMs });
  }

  fails(reason: string): void {
    this.#answer({ kind: 'failed', reason });
  }

  ends(how = 'signal SIGKILL'): void {
    this.#start({ kind: 'died', reason: how });
    this.#end(how);
  }
}

/** Hands out fake runtimes and keeps them. */
export class FakeMaker implements RuntimeMaker {
  readonly overdue: 'kill' | 'abandon';
  readonly made: FakeRuntime[] = [];
  readonly #onMade: (runtime: FakeRuntime) => void;

  /** `onMade` may make a runtime ready at once, or refuse. */
  constructor(overdue: 'kill' | 'abandon', onMade: (runtime: FakeRuntime) => void = (made) => made.becomesReady()) {
    this.overdue = overdue;
    this.#onMade = onMade;
  }

  start(): Runtime {
    const runtime = new FakeRuntime();
    this.made.push(runtime);
    this.#onMade(runtime);
    return runtime;
  }
}

export const tensors = (value: number, name = 'x'): TensorMap => ({
  [name]: { type: 'float32', dims: [1], data: Float32Array.of(value) },
});
