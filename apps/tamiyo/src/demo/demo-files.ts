import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createBytesSigner, type KeyRingHolder } from '@esper/command-verifier';
import { type NetworkShape, trainerBlueprints } from '@esper/harness';
import type { ActionPrior } from '@esper/policy';
import { readNameTables, writeCatalogue } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { ensureKeyFolder, openKeys, publicKeyOf } from '../adapters/keys.js';
import { initPolicyBundle } from '../adapters/policy-bundle.js';

/** What the demo's policy proposes: enough grafts and changes that there is something to gate. */
const DEMO_PRIOR: ActionPrior = Object.freeze({ seed: 0.3, optimizer: 0.5, pause: 0.2 });
/** The key the demo signs with. */
export const DEMO_KEY_ID = 'demo-1';

/** Keys, catalogue and policy of a demo. Made on the first run, found again on later ones. */
export interface DemoFiles {
  readonly keys: KeyRingHolder;
  /** What the trainer verifies with; it cannot sign. */
  readonly publicKey: Uint8Array;
  readonly policyMade: boolean;
}

export async function prepareDemoFiles(
  dataDir: string,
  given: { readonly shape: NetworkShape; readonly policySeed: number },
): Promise<DemoFiles> {
  const keyFolder = join(dataDir, 'keys');
  await ensureKeyFolder(keyFolder, systemClock);
  const keys = await openKeys({ folder: keyFolder, environment: {} });
  await writeCatalogue(join(dataDir, 'catalogue.json'), trainerBlueprints(given.shape));
  const folder = join(dataDir, 'policy');
  const policyMade = !(await exists(join(folder, 'manifest.json')));
  if (policyMade) await makeDemoPolicy(dataDir, { folder, seed: given.policySeed, policyVersion: 1, keys });
  return { keys, publicKey: await publicKeyOf(keyFolder, DEMO_KEY_ID), policyMade };
}

/** An untrained policy over the name tables of `dataDir` as they stand now. Gives its digest. */
export async function makeDemoPolicy(
  dataDir: string,
  made: {
    readonly folder: string;
    readonly seed: number;
    readonly policyVersion: number;
    readonly keys: KeyRingHolder;
  },
): Promise<string> {
  const { keys, ...policy } = made;
  const signer = createBytesSigner({ keyRing: keys, clock: systemClock });
  const tables = await readNameTables(join(dataDir, 'tables'));
  return initPolicyBundle({ ...policy, actionPrior: DEMO_PRIOR, tables, signer, clock: systemClock });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw cause;
    },
  );
}
