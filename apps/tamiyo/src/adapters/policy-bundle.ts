import type { BytesSigner } from '@esper/command-verifier';
import {
  type ActionPrior,
  COMPILED_CONTRACT,
  compileWeights,
  DEFAULT_DIMS,
  initWeights,
  type NetworkDims,
  PRIOR_ACTIONS,
} from '@esper/policy';
import { createThreadHost } from '@esper/policy/node';
import {
  type BundleChecks,
  describeTables,
  GOLDEN_FILE,
  loadBundle,
  MODEL_FILE,
  type NameTables,
  RegistryError,
  TABLES_FILE,
  tablesFileBytes,
  type VerifiedBundle,
} from '@esper/registry';
import { bundleFolder, sha256, writeBundle } from '@esper/registry/node';
import type { WallClock } from '@esper/std';
import { TamiyoError } from '../errors.js';
import { recordGoldenCases } from './golden-cases.js';

/** The architecture this host runs; a policy of another one is refused. */
export const ARCHITECTURE = 'tamiyo_gnn_v1';
const BUNDLE_DOMAIN = 'esper.policy-bundle.v1';
const DOWNGRADE_DOMAIN = 'esper.policy-downgrade.v1';
const UNTRAINED_NOTE =
  'Untrained: its weights are random. What it proposes is a draw from the stated mix, so that there is something to gate.';

/** How this host checks bundles: by the keys of its ring, for its architecture and contract. */
export const bundleChecks = (signer: BytesSigner): BundleChecks => ({
  sha256,
  architecture: ARCHITECTURE,
  contract: COMPILED_CONTRACT,
  signature: (manifest, signature) => signatureHolds(signer, { domain: BUNDLE_DOMAIN, bytes: manifest }, signature),
});

/** The signature file of a manifest. */
export const signManifest = (signer: BytesSigner, manifest: Uint8Array): Uint8Array =>
  encodeSignature(signer, { domain: BUNDLE_DOMAIN, bytes: manifest });

/** Checks the signed wish to activate an older version. */
export const downgradeHolds = (signer: BytesSigner, statement: Uint8Array, signature: Uint8Array): boolean =>
  signatureHolds(signer, { domain: DOWNGRADE_DOMAIN, bytes: statement }, signature);

/** Signs the wish to activate an older version. */
export const signDowngrade = (signer: BytesSigner, statement: Uint8Array): Uint8Array =>
  encodeSignature(signer, { domain: DOWNGRADE_DOMAIN, bytes: statement });

export interface PolicyToInit {
  readonly folder: string;
  readonly seed: number;
  readonly actionPrior: ActionPrior;
  readonly dims?: NetworkDims;
  /** Above every version that was in force. Default 1. */
  readonly policyVersion?: number;
  /** After it the policy is a risk signal. Default: never. */
  readonly expiresAtMs?: number;
  /** The tables the policy is made with. */
  readonly tables: NameTables;
  readonly signer: BytesSigner;
  readonly clock: WallClock;
}

/** Makes an untrained policy bundle: seeded weights, compiled, tried on the golden graphs, signed. Gives its digest. */
export async function initPolicyBundle(given: PolicyToInit): Promise<string> {
  const dims = given.dims ?? DEFAULT_DIMS;
  const weights = initWeights({ dims, seed: given.seed, actionPrior: given.actionPrior });
  if (!weights.ok) throw new TamiyoError('POLICY_UNUSABLE', `no policy can be made: ${JSON.stringify(weights.error)}`);
  const model = compileWeights(weights.value);
  const host = await createThreadHost({ model, standbyCount: 0 });
  try {
    const golden = await recordGoldenCases(host, dims);
    return await writeBundle(given.folder, {
      manifest: {
        format: 1,
        policyId: `untrained-${given.seed}`,
        policyVersion: given.policyVersion ?? 1,
        architecture: ARCHITECTURE,
        contract: COMPILED_CONTRACT,
        dims: { ...dims },
        actionChoice: 'sampled',
        actions: [...PRIOR_ACTIONS],
        origin: { kind: 'untrained', seed: given.seed, actionPrior: { ...given.actionPrior }, note: UNTRAINED_NOTE },
        ...describeTables(given.tables, sha256),
        createdAtMs: given.clock.wallMs(),
        ...(given.expiresAtMs === undefined ? {} : { expiresAtMs: given.expiresAtMs }),
      },
      files: new Map([
        [MODEL_FILE, model],
        [GOLDEN_FILE, golden],
        [TABLES_FILE, tablesFileBytes(given.tables)],
      ]),
      sign: (manifest) => signManifest(given.signer, manifest),
    });
  } finally {
    await host.close();
  }
}

/** The bundle of a folder, every byte checked. Rejects with `POLICY_MISSING` when there is none, else with what is wrong. */
export async function verifiedBundle(folder: string, signer: BytesSigner): Promise<VerifiedBundle> {
  const loaded = await loadBundle(bundleFolder(folder), bundleChecks(signer));
  if (loaded.ok) return loaded.value;
  const { code, message } = loaded.error;
  if (code === 'BUNDLE_FILE_MISSING' && message.includes('manifest')) throw new TamiyoError('POLICY_MISSING', message);
  throw new RegistryError(code, message);
}

interface Signed {
  readonly domain: string;
  readonly bytes: Uint8Array;
}

/** One line a signature: key id, space, base64. */
function encodeSignature(signer: BytesSigner, signed: Signed): Uint8Array {
  const lines = signer
    .signBytes(signed)
    .map(({ keyId, signature }) => `${keyId} ${Buffer.from(signature).toString('base64')}\n`);
  return new TextEncoder().encode(lines.join(''));
}

/** The whole file is lines of signatures, in their one spelling, or none of it counts: no byte of it is idle. */
function signatureHolds(signer: BytesSigner, signed: Signed, file: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(file);
  const signatures = [...text.matchAll(/^([A-Za-z0-9._-]{1,64}) ([A-Za-z0-9+/]{20,120}={0,2})$/gm)].map((match) => ({
    keyId: match[1] ?? '',
    signature: new Uint8Array(Buffer.from(match[2] ?? '', 'base64')),
  }));
  const again = signatures.map(({ keyId, signature }) => `${keyId} ${Buffer.from(signature).toString('base64')}\n`);
  if (signatures.length === 0 || again.join('') !== text) return false;
  return signer.verifyBytes(signed, signatures) === 'verified';
}
