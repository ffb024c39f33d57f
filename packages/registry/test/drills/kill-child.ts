import { writeSync } from 'node:fs';
import { err, ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import {
  memoryBundle,
  openPolicyStore,
  type PolicyCandidate,
  type PolicyStoreFiles,
  type UpdatePorts,
  updatePolicy,
} from '../../src/index.js';
import { policyStoreFolder } from '../../src/node.js';
import { bundleInMemory, NOTE, storePorts } from '../bundle/store-bench.js';

/**
 * A process that updates the policy of a folder. Before and after everything that touches the disk, and at each step, it
 * says where it stands and waits for a word: whoever started it kills it there, or lets it go on.
 */
const [folder = '', versionText = '', health = 'well', sabotage = 'none'] = process.argv.slice(2);

const reached = (place: string): Promise<void> => {
  writeSync(1, `${place}\n`);
  return new Promise((resolve) => process.stdin.once('data', () => resolve()));
};

function stepping(files: PolicyStoreFiles): PolicyStoreFiles {
  return {
    ...files,
    appendHistory: async (line) => {
      await reached('before append');
      await files.appendHistory(line);
      await reached('after append');
    },
    keepBundle: async (digest, bytes) => {
      await reached('before keep');
      await files.keepBundle(digest, bytes);
      await reached('after keep');
    },
  };
}

/** Serves the bundle from memory and writes it down at the very end. */
function keepingLate(files: PolicyStoreFiles): PolicyStoreFiles {
  const kept = new Map<string, ReadonlyMap<string, Uint8Array>>();
  return {
    ...files,
    keepBundle: async (digest, bytes) => void kept.set(digest, bytes),
    bundle: (digest) => {
      const bytes = kept.get(digest);
      return bytes === undefined ? files.bundle(digest) : memoryBundle(bytes, 'memory');
    },
  };
}

/** Empties the file first, as a plain overwrite does. */
function rewriting(files: PolicyStoreFiles): PolicyStoreFiles {
  return {
    ...files,
    appendHistory: async (line) => {
      const before = await files.readHistory();
      await files.cutHistory(0);
      await reached('emptied');
      await files.appendHistory(Uint8Array.from([...before, ...line]));
    },
  };
}

const SABOTAGED: Readonly<Record<string, (files: PolicyStoreFiles) => PolicyStoreFiles>> = {
  none: stepping,
  'keeps-late': (files) => stepping(keepingLate(files)),
  'rewrites-history': rewriting,
};

const step =
  <T>(name: string, value: T) =>
  async (): Promise<T> => {
    await reached(name);
    return value;
  };
const candidate: PolicyCandidate = {
  checkGolden: step('golden', ok(1)),
  measureLatencyMs: step('latency', 1),
  shadow: step('shadow', { decisions: 1, wanted: 1, agreement: {}, looser: [] }),
  swapIn: step('swap', undefined),
  checkHealth: step('health', health === 'sick' ? err('sick') : ok(true)),
  swapBack: step('swap back', undefined),
  settle: step('settle', undefined),
  close: step('close', undefined),
};

const spoil = SABOTAGED[sabotage] ?? stepping;
const store = await openPolicyStore(storePorts(spoil(await policyStoreFolder(folder)), systemClock));
const ports: UpdatePorts = { store, tables: () => ok(true), open: async () => candidate, onEvent: () => undefined };
await updatePolicy(bundleInMemory(Number(versionText)).source, { ...NOTE, latencyMsMax: 45 }, ports);
await reached('done');
