import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type LoadedModel, loadModel, reasonOf } from './ort-model.js';
import { readTensors, reusedRoom, TensorWriter } from './tensor-frame.js';
import { type FromThread, IDLE, SLOTS, STOP, type ThreadBirth, type ToThread } from './thread-wiring.js';

/** The thread of a thread host: loads the model it was born with, then runs it once per order, and ends when told to. */
const port = parentPort;
if (port === null) throw new Error('this file is the program of a worker thread');
const { model, request, control } = workerData as ThreadBirth;

const send = (message: FromThread, transfer: ArrayBuffer[] = []): void => {
  Atomics.store(control, SLOTS.activity, IDLE);
  Atomics.notify(control, SLOTS.activity);
  port.postMessage(message, transfer);
};

/** Answers one order after the other. Between two runs the thread sleeps and has no event loop: nothing else may need it. */
async function serve(loaded: LoadedModel): Promise<void> {
  const writer = new TensorWriter();
  const room = reusedRoom();
  let inbox: Uint8Array = new Uint8Array(0);
  let inputs = new Uint8Array(0);
  const answer = async (call: number, bytes: number): Promise<void> => {
    try {
      const outcome = await loaded.run(readTensors(loaded.info.inputNames, inputs.subarray(0, bytes), room));
      if (outcome.kind === 'failed') return send({ ...outcome, call });
      const outputs = writer.write(loaded.info.outputNames, outcome.outputs).slice();
      send({ kind: 'outputs', call, outputs, runMs: outcome.runMs }, [outputs.buffer as ArrayBuffer]);
    } catch (error) {
      send({ kind: 'failed', call, reason: reasonOf(error) });
    }
  };
  for (let rung = 0; ; ) {
    Atomics.wait(control, SLOTS.bell, rung);
    rung = Atomics.load(control, SLOTS.bell);
    if (Atomics.load(control, SLOTS.order) === STOP) return;
    const moved = receiveMessageOnPort(port as NonNullable<typeof port>) as { message: ToThread } | undefined;
    if (moved !== undefined) {
      inbox = moved.message.inbox;
      inputs = new Uint8Array(inbox.byteLength);
    }
    const bytes = Atomics.load(control, SLOTS.inputBytes);
    // The runtime takes no shared memory.
    inputs.set(inbox.subarray(0, bytes));
    await answer(Atomics.load(control, SLOTS.call), bytes);
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
