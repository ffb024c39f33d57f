import { createProcessHost, createThreadHost } from '../../src/node.js';
import { FOR_EVER, LOOP_MODEL, loopInputs } from './loop-model.js';

/** A parent for the tests to lose. `hang`: a child that hangs, and no deadline. `exit`: leaves while a thread runs. */
const [mode] = process.argv.slice(2);
if (mode === 'hang') {
  const host = await createProcessHost({ model: LOOP_MODEL, standbyCount: 0 });
  void host.infer(loopInputs(FOR_EVER), 0);
  process.stdout.write('hanging');
} else if (mode === 'exit') {
  const host = await createThreadHost({ model: LOOP_MODEL, standbyCount: 0 });
  // A tenth of what an exit waits for, on a quiet machine: a busy one must not use up the bound.
  void host.infer(loopInputs(50_000n), 0);
  setTimeout(() => process.exit(0), 5);
} else if (mode === 'idle') {
  const host = await (process.argv[3] === 'thread' ? createThreadHost : createProcessHost)({ model: LOOP_MODEL });
  process.stdout.write(String(host.readyCount()));
}
