import { parentPort, workerData } from 'node:worker_threads';
import { type LoadedModel, loadModel, reasonOf } from './ort-model.js';
import { readTensors, TensorWriter } from './tensor-frame.js';
import { type FromThread, IDLE, type ThreadBirth, type ToThread } from './thread-wiring.js';

/** The thread of a thread host: loads the model it was born with, then runs it once per message, and ends when told to. */
const port = parentPort;
if (port === null) throw new Error('this file is the program of a worker thread');
const { model, request, activity } = workerData as ThreadBirth;
const writer = new TensorWriter();

const send = (message: FromThread, transfer: ArrayBuffer[] = []): void => {
  Atomics.store(activity, 0, IDLE);
  Atomics.notify(activity, 0);
  port.postMessage(message, transfer);
};

const answer = async (loaded: LoadedModel, call: number, inputs: Uint8Array): Promise<void> => {
  try {
    const outcome = await loaded.run(readTensors(loaded.info.inputNames, inputs));
    if (outcome.kind === 'failed') return send({ ...outcome, call });
    const outputs = writer.write(loaded.info.outputNames, outcome.outputs).slice();
    send({ kind: 'outputs', call, outputs, runMs: outcome.runMs }, [outputs.buffer]);
  } catch (error) {
    send({ kind: 'failed', call, reason: reasonOf(error) });
  }
};

const main = async (): Promise<void> => {
  try {
    const loaded = await loadModel(model, request);
    port.on('message', (message: ToThread) => {
      if (message.kind === 'stop') port.close();
      else void answer(loaded, message.call, message.inputs);
    });
    send({ kind: 'ready', info: loaded.info });
  } catch (error) {
    send({ kind: 'refused', reason: reasonOf(error) });
    port.close();
  }
};

void main();
