import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { FrameReader } from './frame-reader.js';
import { ReusedMemory } from './lay-out-memory.js';
import { machineMs } from './machine-time.js';
import { type LoadedModel, type LoadRequest, loadModel, reasonOf } from './ort-model.js';
import { encodeHeader, FRAME_HEADER_BYTES, type FrameHeader, fillHeader } from './pipe-frame.js';
import { CHANNEL_FD, LIFELINE_FD, LOAD_BYTES_MAX, STDERR_FD } from './process-wiring.js';
import { TENSOR_BYTES_MAX } from './tensor-frame.js';
import { TensorReader } from './tensor-reader.js';
import { TensorWriter } from './tensor-writer.js';

/**
 * The child of a process host. It reads a frame, runs the model, writes a frame, and nothing else: reads block, so that no
 * event loop stands between a request and its answer. The end of the channel, or of the lifeline, is the end of the process.
 */
void main();

async function main(): Promise<void> {
  try {
    guardLifeline();
    const model = await receiveModel();
    if (model !== undefined) await serve(model);
  } catch (error) {
    // Standard error is the parent's: what is written here becomes the reason of this death.
    writeSync(STDERR_FD, `${reasonOf(error)}\n`);
  }
  // No orderly exit: the watching thread blocks, and there is nothing to save.
  process.kill(process.pid, 'SIGKILL');
}

/**
 * The channel ends too when the parent dies, but a run that hangs would never read that. A thread of its own waits on a
 * pipe that only the parent's death closes. Its program is a string because a thread that loads a file pays for the loader.
 */
function guardLifeline(): void {
  const program = `
    const { readSync } = require('node:fs');
    try { while (readSync(${LIFELINE_FD}, Buffer.alloc(1)) > 0); } finally { process.kill(process.pid, 'SIGKILL'); }`;
  new Worker(program, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  }).unref();
}

async function receiveModel(): Promise<LoadedModel | undefined> {
  const frame = new FrameReader(LOAD_BYTES_MAX).read();
  if (frame === undefined) return undefined;
  try {
    const split = frame.body.indexOf(0);
    const request = JSON.parse(new TextDecoder().decode(frame.body.subarray(0, split))) as LoadRequest;
    const model = await loadModel(frame.body.subarray(split + 1), request);
    writeFrame({ ...frame.header, kind: 'ready' }, new TextEncoder().encode(JSON.stringify(model.info)));
    return model;
  } catch (error) {
    writeFrame({ ...frame.header, kind: 'refused' }, new TextEncoder().encode(reasonOf(error)));
    return undefined;
  }
}

async function serve(model: LoadedModel): Promise<void> {
  const { inputNames, outputNames } = model.info;
  const writer = new TensorWriter(undefined, FRAME_HEADER_BYTES);
  const memory = new ReusedMemory();
  const reader = new TensorReader(inputNames, memory);
  const frames = new FrameReader(TENSOR_BYTES_MAX);
  for (let frame = frames.read(); frame !== undefined; frame = frames.read()) {
    const outcome = await model.run(reader.read(frame.body));
    if (outcome.kind === 'outputs') {
      const reply = writer.write(outputNames, outcome.outputs);
      const bodyBytes = reply.byteLength - FRAME_HEADER_BYTES;
      const { call } = frame.header;
      const { runMs } = outcome;
      fillHeader(writer.lead, { kind: 'outputs', call, runMs, readyAtMs: machineMs(), bodyBytes });
      writeFully(reply);
    } else writeFrame({ ...frame.header, kind: 'failed' }, new TextEncoder().encode(outcome.reason));
    // Nobody waits now.
    memory.wipe();
  }
}

/** Header and body in one write: two would wake the parent twice. */
function writeFrame(header: FrameHeader, body: Uint8Array): void {
  writeFully(Buffer.concat([encodeHeader({ ...header, bodyBytes: body.byteLength }), body]));
}

function writeFully(frame: Uint8Array): void {
  let written = 0;
  while (written < frame.byteLength) written += writeSync(CHANNEL_FD, frame, written);
}
