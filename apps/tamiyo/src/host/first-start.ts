import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createBytesSigner, type KeyRingHolder } from '@esper/command-verifier';
import { trainerBlueprints } from '@esper/harness';
import type { ActionPrior } from '@esper/policy';
import { readNameTables, writeCatalogue } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { initPolicyBundle } from '../adapters/policy-bundle.js';
import { bundleFolderOf, tablesFolderOf } from '../adapters/policy-store-open.js';
import type { ResolvedConfig } from '../config/resolve.js';

/** The network of the harness's trainer, whose parameters the example blueprints name. */
const EXAMPLE_SHAPE = { inputs: 256, width: 48, classes: 10 } as const;
/** What the untrained policy proposes: nothing that needs seeds, which a first trainer seldom has. */
const EXAMPLE_PRIOR: ActionPrior = Object.freeze({ optimizer: 0.7, pause: 0.3 });

/**
 * Makes what a first start lacks and a new user cannot have: an untrained policy, and the blueprints of the harness's trainer as
 * a catalogue. What is there already stays as it is. Gives the paths that were made.
 */
export async function makeMissing(config: ResolvedConfig, keys: KeyRingHolder): Promise<readonly string[]> {
  const { values } = config;
  const made: string[] = [];
  const catalogue = values.catalogueFile === '' ? join(values.dataDir, 'catalogue.json') : values.catalogueFile;
  if (values.urzaDatabase === '' && !(await exists(catalogue))) {
    await writeCatalogue(catalogue, trainerBlueprints(EXAMPLE_SHAPE));
    made.push(catalogue);
  }
  const folder = bundleFolderOf(config);
  if (!(await exists(join(folder, 'manifest.json')))) {
    await initPolicyBundle({
      folder,
      seed: 1,
      actionPrior: EXAMPLE_PRIOR,
      tables: await readNameTables(tablesFolderOf(config)),
      signer: createBytesSigner({ keyRing: keys, clock: systemClock }),
      clock: systemClock,
    });
    made.push(folder);
  }
  return made;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw cause;
    },
  );
