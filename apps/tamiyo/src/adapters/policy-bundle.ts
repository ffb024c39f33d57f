import type { BytesSigner } from '@esper/command-verifier';
import {
  type ActionPrior,
  COMPILED_CONTRACT,
  compileWeights,
  DEFAULT_DIMS,
  DEFAULT_GRAPH_LIMITS,
  initWeights,
  type NetworkDims,
  PRIOR_ACTIONS,
  resolveDecodeConfig,
  resolveObserveLimits,
} from '@esper/policy';
import { createProcessHost, createThreadHost, type ObservedInferenceHost } from '@esper/policy/node';
import { GOLDEN_FILE, loadBundle, MODEL_FILE, type VerifiedBundle } from '@esper/registry';
import { bundleFolder, sha256, writeBundle } from '@esper/registry/node';
import type { WallClock } from '@esper/std';
import { TamiyoError } from '../errors.js';
import type { ActivePolicy } from '../stages/parts.js';
import { checkGoldenCases, recordGoldenCases } from './golden-cases.js';

const ARCHITECTURE = 'tamiyo_gnn_v1';
const SIGNATURE_DOMAIN = 'esper.policy-bundle.v1';
const UNTRAINED_NOTE =
  'Untrained: its weights are random. What it proposes is a draw from the stated mix, so that there is something to gate.';

export interface PolicyToInit {
  readonly folder: string;
  readonly seed: number;
  readonly actionPrior: ActionPrior;
  readonly dims?: NetworkDims;
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
        policyVersion: 1,
        architecture: ARCHITECTURE,
        contract: COMPILED_CONTRACT,
        dims: { ...dims },
        actionChoice: 'sampled',
        actions: [...PRIOR_ACTIONS],
        origin: { kind: 'untrained', seed: given.seed, actionPrior: { ...given.actionPrior }, note: UNTRAINED_NOTE },
        tables: {},
        createdAtMs: given.clock.wallMs(),
      },
      files: new Map([
        [MODEL_FILE, model],
        [GOLDEN_FILE, golden],
      ]),
      sign: (manifest) => encodeSignature(given.signer, manifest),
    });
  } finally {
    await host.close();
  }
}

export interface PolicyToOpen {
  readonly folder: string;
  readonly signer: BytesSigner;
  readonly host: 'process' | 'thread';
  readonly standbyCount: number;
  readonly blend: Parameters<typeof resolveDecodeConfig>[0]['blend'];
}

/** The bundle of a folder, verified byte by byte, running, and tried on its golden cases. */
export interface OpenedPolicy {
  readonly active: ActivePolicy;
  readonly bundle: VerifiedBundle;
  readonly host: ObservedInferenceHost;
  readonly goldenCases: number;
}

/** Rejects with `POLICY_MISSING` or `POLICY_UNUSABLE`, with the reason; then nothing is left running. */
export async function openPolicyBundle(given: PolicyToOpen): Promise<OpenedPolicy> {
  const bundle = await verifiedBundle(given);
  const model = bundle.files.get(MODEL_FILE);
  const golden = bundle.files.get(GOLDEN_FILE);
  if (model === undefined || golden === undefined)
    throw new TamiyoError('POLICY_UNUSABLE', `${given.folder} names no ${MODEL_FILE} or no ${GOLDEN_FILE}`);
  const modelSha256 = bundle.manifest.files[MODEL_FILE]?.sha256 ?? '';
  const options = { model, modelSha256, standbyCount: given.standbyCount };
  const host = await (given.host === 'process' ? createProcessHost(options) : createThreadHost(options));
  try {
    const goldenCases = await checkGoldenCases(host, golden);
    return { active: activePolicy(bundle, host, given.blend), bundle, host, goldenCases };
  } catch (cause) {
    await host.close();
    throw cause;
  }
}

async function verifiedBundle(given: PolicyToOpen): Promise<VerifiedBundle> {
  const loaded = await loadBundle(bundleFolder(given.folder), {
    sha256,
    architecture: ARCHITECTURE,
    signature: (manifest, signature) => signatureHolds(given.signer, manifest, signature),
  });
  if (loaded.ok) return loaded.value;
  const missing = loaded.error.code === 'BUNDLE_FILE_MISSING' && loaded.error.message.includes('manifest');
  throw new TamiyoError(
    missing ? 'POLICY_MISSING' : 'POLICY_UNUSABLE',
    `${loaded.error.code}: ${loaded.error.message}`,
  );
}

function activePolicy(bundle: VerifiedBundle, host: ObservedInferenceHost, blend: PolicyToOpen['blend']): ActivePolicy {
  const { manifest, digest } = bundle;
  const dims = manifest.dims as unknown as NetworkDims;
  return {
    host,
    dims,
    observeLimits: resolveObserveLimits({ widths: dims }),
    graphLimits: DEFAULT_GRAPH_LIMITS,
    decode: resolveDecodeConfig({
      bundleDigest: digest,
      policyVersion: manifest.architecture,
      dims,
      ...(blend === undefined ? {} : { blend }),
    }),
    digest,
    version: manifest.architecture,
    samplesActions: manifest.actionChoice === 'sampled',
    expired: (atMs) => manifest.expiresAtMs !== undefined && atMs > manifest.expiresAtMs,
  };
}

function encodeSignature(signer: BytesSigner, manifest: Uint8Array): Uint8Array {
  const signatures = signer.signBytes({ domain: SIGNATURE_DOMAIN, bytes: manifest });
  const lines = signatures.map(({ keyId, signature }) => `${keyId} ${Buffer.from(signature).toString('base64')}\n`);
  return new TextEncoder().encode(lines.join(''));
}

function signatureHolds(signer: BytesSigner, manifest: Uint8Array, file: Uint8Array): boolean {
  const text = new TextDecoder('utf-8').decode(file);
  const signatures = [...text.matchAll(/^([A-Za-z0-9._-]{1,64}) ([A-Za-z0-9+/]{20,120}={0,2})$/gm)].map((match) => ({
    keyId: match[1] ?? '',
    signature: new Uint8Array(Buffer.from(match[2] ?? '', 'base64')),
  }));
  return (
    signatures.length > 0 &&
    signer.verifyBytes({ domain: SIGNATURE_DOMAIN, bytes: manifest }, signatures) === 'verified'
  );
}
