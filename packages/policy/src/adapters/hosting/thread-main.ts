import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ReusedMemory } from './lay-out-memory.js';
import { machineMs } from './machine-time.js';
import { type LoadedModel, loadModel, type ModelOutcome, reasonOf } from './ort-model.js';
import { TensorReader } from './tensor-reader.js';
import { sharedRoom, TensorWriter } from './tensor-writer.js';
import {
  BY_MESSAGE,
  controlOf,
  type FromThread,
  IDLE,
  SLOTS,
  STOP,
  type ThreadBirth,
  TIMES,
  type ToThread,
} from './thread-wiring.js';

/** The thread of a thread host: loads the model it was born with, then runs it once per order, and ends when told to. */
const port = parentPort;
if (port === null) throw new Error('this file is the program of a worker thread');
const { model, request, control } = workerData as ThreadBirth;
const { slots, times } = controlOf(control);

const rest = (): void => {
  Atomics.store(slots, SLOTS.activity, IDLE);
  Atomics.notify(slots, SLOTS.activity);
};

/** Whoever waits for the bell is let go too, and finds that the answer comes as a message. */
const send = (message: FromThread): void => {
  rest();
  port.postMessage(message);
  ring(BY_MESSAGE);
};

const ring = (answered: number): void => {
  Atomics.store(slots, SLOTS.answered, answered);
  Atomics.add(slots, SLOTS.answerBell, 1);
  Atomics.notify(slots, SLOTS.answerBell);
};

/** Brings answers to the host: outputs through shared memory, which the host is sent whenever it is new. */
class Outbox {
  readonly #outputNames: readonly string[];
  readonly #writer = new TensorWriter(sharedRoom);
  #known: ArrayBufferLike | undefined;

  constructor(outputNames: readonly string[]) {
    this.#outputNames = outputNames;
  }

  answer(call: number, outcome: ModelOutcome): void {
    if (outcome.kind === 'failed') send({ ...outcome, call });
    else this.#outputs(call, outcome);
  }

  #outputs(call: number, outcome: Extract<ModelOutcome, { readonly kind: 'outputs' }>): void {
    const { buffer, byteLength } = this.#writer.write(this.#outputNames, outcome.outputs);
    const { runMs } = outcome;
    const readyAtMs = machineMs();
    if (buffer !== this.#known) {
      this.#known = buffer;
      send({ kind: 'outputs', call, outbox: new Uint8Array(buffer), bytes: byteLength, runMs, readyAtMs });
    } else {
      rest();
      Atomics.store(slots, SLOTS.outputBytes, byteLength);
      times[TIMES.runMs] = runMs;
      times[TIMES.readyAtMs] = readyAtMs;
      ring(call);
    }
  }
}

/** Answers one order after the other. Between two runs the thread sleeps and has no event loop: nothing else may need it. */
async function serve(loaded: LoadedModel): Promise<void> {
  const outbox = new Outbox(loaded.info.outputNames);
  const memory = new ReusedMemory();
  const reader = new TensorReader(loaded.info.inputNames, memory);
  let inboxes = 0;
  let inbox: Uint8Array = new Uint8Array(0);
  let inputs = new Uint8Array(0);
  const answer = async (call: number, bytes: number): Promise<void> => {
    try {
      outbox.answer(call, await loaded.run(reader.read(inputs.subarray(0, bytes))));
    } catch (error) {
      send({ kind: 'failed', call, reason: reasonOf(error) });
    }
  };
  for (let rung = 0; ; ) {
    Atomics.wait(slots, SLOTS.bell, rung);
    rung = Atomics.load(slots, SLOTS.bell);
    if (Atomics.load(slots, SLOTS.order) === STOP) return;
    while (inboxes < Atomics.load(slots, SLOTS.inboxes)) {
      inboxes += 1;
      const moved = receiveMessageOnPort(port as NonNullable<typeof port>) as { readonly message: ToThread };
      inbox = moved.message.inbox;
      inputs = new Uint8Array(inbox.byteLength);
    }
    const bytes = Atomics.load(slots, SLOTS.inputBytes);
    // The runtime takes no shared memory.
    inputs.set(inbox.subarray(0, bytes));
    await answer(Atomics.load(slots, SLOTS.call), bytes);
    memory.wipe();
  }
}

async function main(): Promise<void> {
  try {
    const loaded = await loadModel(model, request);
    send({ kind: 'ready', info: loaded.info });
    await serve(loaded);
  } catch (error) {
    send({ kind: 'refused', reason: reasonOf(error) });
  }
}

void main();
