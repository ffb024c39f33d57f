/// <reference lib="es2024.sharedmemory" />
import { Worker } from 'node:worker_threads';
import type { TensorMap } from '../../core/network/feeds.js';
import type { RunOutcome, Runtime, RuntimeInfo, StartOutcome } from '../../shell/hosting/runtime.js';
import { answeredByBell } from './answered-by-bell.js';
import { threadProgram } from './entry-file.js';
import { machineMsSince } from './machine-time.js';
import { type LoadRequest, reasonOf } from './ort-model.js';
import { readTensors } from './tensor-reader.js';
import { sharedRoom, TensorWriter } from './tensor-writer.js';
import {
  BUSY,
  CONTROL_BYTES,
  type Control,
  controlOf,
  type FromThread,
  IDLE,
  RUN,
  SLOTS,
  STOP,
  type ThreadBirth,
  TIMES,
  type ToThread,
} from './thread-wiring.js';

/** Starts a worker thread and gives it a copy of `model`. */
export function startThreadRuntime(model: Uint8Array, request: LoadRequest): Runtime {
  const shared = new SharedArrayBuffer(CONTROL_BYTES);
  const control = controlOf(shared);
  control.slots[SLOTS.activity] = BUSY;
  holdExitWhileBusy(control.slots);
  const birth: ThreadBirth = { model, request, control: shared };
  const [program, options] = threadProgram();
  return new ThreadRuntime(new Worker(program, { ...options, workerData: birth }), control);
}

/** Calls are numbered by what a shared slot can hold. */
const CALL_MAX = 0x7fff_ffff;

class ThreadRuntime implements Runtime {
  readonly started: Promise<StartOutcome>;
  readonly ended: Promise<string>;
  readonly #worker: Worker;
  readonly #control: Control;
  readonly #writer = new TensorWriter(sharedRoom);
  #inbox: ArrayBufferLike | undefined;
  #outbox: Uint8Array = new Uint8Array(0);
  #resolveStarted: (outcome: StartOutcome) => void = () => undefined;
  #pending: { readonly call: number; readonly resolve: (outcome: RunOutcome) => void } | undefined;
  #info: RuntimeInfo | undefined;
  #calls = 0;
  #fault = '';

  constructor(worker: Worker, control: Control) {
    this.#worker = worker;
    this.#control = control;
    this.started = new Promise((resolve) => {
      this.#resolveStarted = resolve;
    });
    this.ended = this.#watchEnd();
    worker.on('message', (message: FromThread) => this.#receive(message));
  }

  run(inputs: TensorMap): Promise<RunOutcome> {
    this.#calls = (this.#calls % CALL_MAX) + 1;
    const call = this.#calls;
    return new Promise((resolve) => {
      try {
        this.#shareInbox(this.#writer.write(this.#info?.inputNames ?? [], inputs));
        this.#pending = { call, resolve };
        Atomics.store(this.#control.slots, SLOTS.activity, BUSY);
        Atomics.store(this.#control.slots, SLOTS.call, call);
        this.#ring(RUN);
        // The rest is done while the thread wakes up. Native code runs: the process must not end under it.
        this.#worker.ref();
        void this.#listenFor(call);
      } catch (error) {
        resolve({ kind: 'failed', reason: reasonOf(error) });
      }
    });
  }

  /** Heard only after the run under way: a thread that is ended in mid-run takes the whole process with it. */
  stop(): void {
    this.#ring(STOP);
  }

  #shareInbox(inputs: Uint8Array): void {
    Atomics.store(this.#control.slots, SLOTS.inputBytes, inputs.byteLength);
    if (inputs.buffer === this.#inbox) return;
    this.#inbox = inputs.buffer;
    const moved: ToThread = { inbox: new Uint8Array(inputs.buffer) };
    this.#worker.postMessage(moved);
    Atomics.add(this.#control.slots, SLOTS.inboxes, 1);
  }

  #ring(order: typeof RUN | typeof STOP): void {
    const { slots } = this.#control;
    Atomics.store(slots, SLOTS.order, order);
    Atomics.add(slots, SLOTS.bell, 1);
    Atomics.notify(slots, SLOTS.bell);
  }

  /** Waits for the thread's bell without holding the event loop. An answer that is there already is not missed. */
  async #listenFor(call: number): Promise<void> {
    const { slots, times } = this.#control;
    if (!(await answeredByBell(slots, call, () => this.#pending?.call === call))) return;
    const bytes = Atomics.load(slots, SLOTS.outputBytes);
    this.#answer(call, () =>
      this.#outputs(bytes, { runMs: times[TIMES.runMs] as number, readyAtMs: times[TIMES.readyAtMs] as number }),
    );
  }

  #receive(message: FromThread): void {
    if (message.kind === 'ready') {
      this.#worker.unref();
      this.#info = message.info;
      this.#resolveStarted({ kind: 'ready', info: message.info });
    } else if (message.kind === 'refused') {
      this.#worker.unref();
      this.#resolveStarted({ kind: 'refused', reason: message.reason });
    } else if (message.kind === 'failed') {
      // Perhaps it could not even read the inputs. A child would have ended over that.
      this.#writer.forget();
      this.#answer(message.call, () => ({ kind: 'failed', reason: message.reason }));
    } else {
      this.#outbox = message.outbox;
      this.#answer(message.call, () => this.#outputs(message.bytes, message));
    }
  }

  #answer(call: number, outcome: () => RunOutcome): void {
    if (call !== this.#pending?.call) return;
    const { resolve } = this.#pending;
    this.#pending = undefined;
    this.#worker.unref();
    try {
      resolve(outcome());
    } catch (error) {
      resolve({ kind: 'failed', reason: reasonOf(error) });
    }
  }

  /** Copied out of the shared memory, which the next run overwrites. */
  #outputs(bytes: number, { runMs, readyAtMs }: { readonly runMs: number; readonly readyAtMs: number }): RunOutcome {
    const unreadMs = machineMsSince(readyAtMs);
    const own = this.#outbox.slice(0, bytes);
    return { kind: 'outputs', outputs: readTensors(this.#info?.outputNames ?? [], own), runMs, unreadMs };
  }

  #watchEnd(): Promise<string> {
    return new Promise((resolve) => {
      this.#worker.once('error', (error) => {
        this.#fault = `: ${reasonOf(error)}`;
      });
      this.#worker.once('exit', (code) => {
        releaseExit(this.#control.slots);
        // Nobody else will ring again: who still listens is let go.
        this.#pending = undefined;
        Atomics.notify(this.#control.slots, SLOTS.answerBell);
        const how = `exit code ${code}${this.#fault}`;
        this.#resolveStarted({ kind: 'died', reason: how });
        resolve(how);
      });
    });
  }
}

/** Longest that the end of the process is held up for a run, in milliseconds. */
const EXIT_HOLD_MS_MAX = 2000;
const watched = new Set<Int32Array>();

/**
 * `process.exit` during a native run aborts the process with a core dump. So the exit waits for the run to return, up to
 * a bound; a run that takes longer than that gets what is coming.
 */
function holdExitWhileBusy(control: Int32Array): void {
  if (watched.size === 0) process.once('exit', holdExit);
  watched.add(control);
}

/** The thread is gone: nothing of it can be in native code. The last one takes the listener with it. */
function releaseExit(control: Int32Array): void {
  control[SLOTS.activity] = IDLE;
  watched.delete(control);
  if (watched.size === 0) process.off('exit', holdExit);
}

function holdExit(): void {
  const endAt = performance.now() + EXIT_HOLD_MS_MAX;
  for (const control of watched) Atomics.wait(control, SLOTS.activity, BUSY, Math.max(0, endAt - performance.now()));
}
