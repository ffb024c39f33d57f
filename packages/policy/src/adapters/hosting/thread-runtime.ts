import { Worker } from 'node:worker_threads';
import type { TensorMap } from '../../core/network/feeds.js';
import type { RunOutcome, Runtime, RuntimeInfo, StartOutcome } from '../../shell/hosting/runtime.js';
import { threadProgram } from './entry-file.js';
import { type LoadRequest, reasonOf } from './ort-model.js';
import { readTensors, TensorWriter } from './tensor-frame.js';
import {
  BUSY,
  type FromThread,
  IDLE,
  RUN,
  SLOT_COUNT,
  SLOTS,
  STOP,
  type ThreadBirth,
  type ToThread,
} from './thread-wiring.js';

/** Starts a worker thread and gives it a copy of `model`. */
export function startThreadRuntime(model: Uint8Array, request: LoadRequest): Runtime {
  const control = new Int32Array(new SharedArrayBuffer(SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT));
  control[SLOTS.activity] = BUSY;
  holdExitWhileBusy(control);
  const birth: ThreadBirth = { model, request, control };
  const [program, options] = threadProgram();
  return new ThreadRuntime(new Worker(program, { ...options, workerData: birth }), control);
}

const sharedRoom = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

class ThreadRuntime implements Runtime {
  readonly started: Promise<StartOutcome>;
  readonly ended: Promise<string>;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #writer = new TensorWriter(sharedRoom);
  #inbox: ArrayBufferLike | undefined;
  #resolveStarted: (outcome: StartOutcome) => void = () => undefined;
  #pending: { readonly call: number; readonly resolve: (outcome: RunOutcome) => void } | undefined;
  #info: RuntimeInfo | undefined;
  #calls = 0;
  #fault = '';

  constructor(worker: Worker, control: Int32Array) {
    this.#worker = worker;
    this.#control = control;
    this.started = new Promise((resolve) => {
      this.#resolveStarted = resolve;
    });
    this.ended = this.#watchEnd();
    worker.on('message', (message: FromThread) => this.#receive(message));
  }

  run(inputs: TensorMap): Promise<RunOutcome> {
    this.#calls += 1;
    const call = this.#calls;
    return new Promise((resolve) => {
      try {
        this.#shareInbox(this.#writer.write(this.#info?.inputNames ?? [], inputs));
        this.#pending = { call, resolve };
        Atomics.store(this.#control, SLOTS.activity, BUSY);
        // While native code runs the process must not end under it; between runs the thread holds nothing up.
        this.#worker.ref();
        Atomics.store(this.#control, SLOTS.call, call);
        this.#ring(RUN);
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
    Atomics.store(this.#control, SLOTS.inputBytes, inputs.byteLength);
    if (inputs.buffer === this.#inbox) return;
    this.#inbox = inputs.buffer;
    const moved: ToThread = { inbox: new Uint8Array(inputs.buffer) };
    this.#worker.postMessage(moved);
  }

  #ring(order: typeof RUN | typeof STOP): void {
    Atomics.store(this.#control, SLOTS.order, order);
    Atomics.add(this.#control, SLOTS.bell, 1);
    Atomics.notify(this.#control, SLOTS.bell);
  }

  #receive(message: FromThread): void {
    this.#worker.unref();
    if (message.kind === 'ready') {
      this.#info = message.info;
      this.#resolveStarted({ kind: 'ready', info: message.info });
    } else if (message.kind === 'refused') {
      this.#resolveStarted({ kind: 'refused', reason: message.reason });
    } else if (message.call === this.#pending?.call) {
      const { resolve } = this.#pending;
      this.#pending = undefined;
      resolve(this.#outcome(message));
    }
  }

  #outcome(message: Extract<FromThread, { readonly call: number }>): RunOutcome {
    if (message.kind === 'failed') return { kind: 'failed', reason: message.reason };
    const outputs = readTensors(this.#info?.outputNames ?? [], message.outputs);
    return { kind: 'outputs', outputs, runMs: message.runMs };
  }

  #watchEnd(): Promise<string> {
    return new Promise((resolve) => {
      this.#worker.once('error', (error) => {
        this.#fault = `: ${reasonOf(error)}`;
      });
      this.#worker.once('exit', (code) => {
        releaseExit(this.#control);
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
