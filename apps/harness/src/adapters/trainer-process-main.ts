import { once } from 'node:events';
import { TrainerSession } from '../shell/trainer-session.js';
import { FrameReader, frameOf } from '../wire/frames.js';
import { checkpointFolder } from './checkpoint-folder.js';
import { machinePorts } from './machine.js';
import { loadNames } from './names-file.js';
import { verifierGate } from './verifier-gate.js';

/**
 * A trainer as its own process: frames on standard input and output, one run, then the code to exit with. Nothing else
 * may write to standard output here.
 */
export async function runTrainerProcess(): Promise<0 | 1> {
  const { stdin, stdout } = process;
  const reader = new FrameReader();
  const session = new TrainerSession({
    machine: machinePorts(),
    names: loadNames,
    gate: verifierGate,
    checkpoints: checkpointFolder,
    send: async (payload) => {
      if (!stdout.write(frameOf(payload))) await once(stdout, 'drain');
    },
  });
  const done = session.run();
  // A host that is gone closes both pipes; the run then ends by itself.
  stdout.on('error', () => session.close());
  stdin.on('error', () => session.close());
  stdin.on('end', () => session.close());
  stdin.on('data', (chunk: Uint8Array) => {
    try {
      for (const payload of reader.push(chunk)) session.receive(payload);
    } catch {
      // A frame over the limit: the stream cannot be followed any further.
      session.close();
    }
  });
  const code = await done;
  stdin.destroy();
  return code;
}
