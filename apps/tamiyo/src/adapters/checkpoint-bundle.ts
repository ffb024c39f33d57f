import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { BytesSigner } from '@esper/command-verifier';
import {
  bindWeights,
  COMPILED_CONTRACT,
  compileWeights,
  dimsOfTensors,
  type InferenceHost,
  type PolicyWeights,
  PRIOR_ACTIONS,
  readSafetensors,
  type TensorMap,
} from '@esper/policy';
import { createThreadHost } from '@esper/policy/node';
import { type ApproximationError, approximationError, seededGraphs } from '@esper/policy/testing';
import {
  describeTables,
  GOLDEN_FILE,
  MODEL_FILE,
  type NameTables,
  TABLES_FILE,
  tablesFileBytes,
} from '@esper/registry';
import { sha256, writeBundle } from '@esper/registry/node';
import type { WallClock } from '@esper/std';
import { TamiyoError } from '../errors.js';
import { recordGoldenCases } from './golden-cases.js';
import { ARCHITECTURE, signManifest } from './policy-bundle.js';

/** Graphs an int8 model is held against the exact one on. */
const ERROR_GRAPHS = 100;
const RUN_DEADLINE_MS = 10_000;

/** A checkpoint whose every byte was checked, and the digest it is named by. */
export interface Checkpoint {
  readonly weights: PolicyWeights;
  /** File name and SHA-256: what a bundle made from it says about its origin. */
  readonly source: string;
}

export interface CheckpointToCompile {
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly format: 'float32' | 'int8';
  readonly tables: NameTables;
  readonly signer: BytesSigner;
  readonly clock: WallClock;
}

/** What was made. */
export interface CompiledBundle {
  readonly digest: string;
  readonly modelBytes: number;
  /** For int8: how far it is from float32, measured on seeded graphs. */
  readonly error?: ApproximationError;
}

/** Reads a safetensors checkpoint of the policy network. Rejects with `CHECKPOINT_REFUSED` and the first thing wrong. */
export async function openCheckpoint(file: string): Promise<Checkpoint> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new TamiyoError('CHECKPOINT_REFUSED', `${file} cannot be read`, { cause });
  });
  const refuse = (refusal: object): never => {
    throw new TamiyoError('CHECKPOINT_REFUSED', `${file}: ${JSON.stringify(refusal)}`);
  };
  const set = readSafetensors(bytes);
  if (!set.ok) return refuse(set.error);
  const dims = dimsOfTensors(set.value);
  if (!dims.ok) return refuse(dims.error);
  const weights = bindWeights(set.value, dims.value);
  if (!weights.ok) return refuse(weights.error);
  return { weights: weights.value, source: `${basename(file)} sha256:${sha256(bytes)}` };
}

/** Compiles a checkpoint, tries the model on the golden graphs, and writes a signed bundle. */
export async function compileCheckpoint(given: CheckpointToCompile): Promise<CompiledBundle> {
  const { weights, source } = given.checkpoint;
  const model = compileWeights(weights, { format: given.format });
  const host = await createThreadHost({ model, standbyCount: 0 });
  try {
    const golden = await recordGoldenCases(host, weights.dims);
    const error = given.format === 'int8' ? await int8Error(weights, host) : undefined;
    const digest = await writeBundle(given.folder, {
      manifest: {
        format: 1,
        policyId: given.policyId,
        policyVersion: given.policyVersion,
        architecture: ARCHITECTURE,
        contract: COMPILED_CONTRACT,
        dims: { ...weights.dims },
        actionChoice: 'argmax',
        actions: [...PRIOR_ACTIONS],
        origin: { kind: 'trained', source },
        ...describeTables(given.tables, sha256),
        createdAtMs: given.clock.wallMs(),
      },
      files: new Map([
        [MODEL_FILE, model],
        [GOLDEN_FILE, golden],
        [TABLES_FILE, tablesFileBytes(given.tables)],
      ]),
      sign: (manifest) => signManifest(given.signer, manifest),
    });
    return { digest, modelBytes: model.byteLength, ...(error === undefined ? {} : { error }) };
  } finally {
    await host.close();
  }
}

async function int8Error(weights: PolicyWeights, rounded: InferenceHost): Promise<ApproximationError> {
  const exact = await createThreadHost({ model: compileWeights(weights), standbyCount: 0 });
  try {
    const models = { dims: weights.dims, exact: askedOf(exact), rounded: askedOf(rounded) };
    return await approximationError(models, seededGraphs(weights.dims, { count: ERROR_GRAPHS, seed: 1 }));
  } finally {
    await exact.close();
  }
}

const askedOf =
  (host: InferenceHost) =>
  async (feeds: TensorMap): Promise<TensorMap> => {
    const reply = await host.infer(feeds, RUN_DEADLINE_MS);
    if (!reply.ok) throw new TamiyoError('POLICY_UNUSABLE', `a run failed: ${JSON.stringify(reply.error)}`);
    return reply.value.outputs;
  };
