import { createHash } from 'node:crypto';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { firstNonfinite } from '../../core/hosting/finite.js';
import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';
import type { RuntimeInfo } from '../../shell/hosting/runtime.js';

/** What the runtime's side is told before it loads a model. */
export interface LoadRequest {
  /** SHA-256 the model bytes must have, lower-case hex: checked here again, on the bytes that are loaded. */
  readonly modelSha256: string;
  readonly warmUpRuns: number;
  /** Sizes of the dimensions the model leaves open, by name, for the warm-up runs. What is not named is 1. */
  readonly warmUpDimensions: Readonly<Record<string, number>>;
}

export type ModelOutcome =
  | { readonly kind: 'outputs'; readonly outputs: TensorMap; readonly runMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** A model that is loaded and warm in this process or thread. */
export interface LoadedModel {
  readonly info: RuntimeInfo;
  run(inputs: TensorMap): Promise<ModelOutcome>;
}

const REASON_CHARS_MAX = 400;
/** What an open dimension without a given size is in a warm-up run. */
const OPEN_DIMENSION = 1;

/** One thread that does not spin: a controller sits beside a training job and must not take its cores. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
};

/** Hashes, loads and warms `model`. Rejects with the reason when the hash differs, the runtime is absent, or a run fails. */
export async function loadModel(model: Uint8Array, request: LoadRequest): Promise<LoadedModel> {
  const startedAt = performance.now();
  const found = createHash('sha256').update(model).digest('hex');
  if (found !== request.modelSha256) {
    throw new Error(`the model bytes have SHA-256 ${found}, expected ${request.modelSha256}`);
  }
  const ort = await importRuntime();
  const session = await ort.InferenceSession.create(model, SESSION_OPTIONS);
  const runtime = new OrtModel(
    session,
    (tensor) => new ort.Tensor(tensor.type, tensor.data, [...tensor.dims]) as Tensor,
  );
  const loadedAt = performance.now();
  await runtime.warmUp(request);
  return {
    info: {
      runtime: `onnxruntime-node ${ort.env.versions.node ?? 'unknown'}`,
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      loadMs: loadedAt - startedAt,
      warmUpMs: performance.now() - loadedAt,
    },
    run: (inputs) => runtime.run(inputs),
  };
}

async function importRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new Error(`onnxruntime-node is not installed beside @esper/policy: ${reasonOf(cause)}`, { cause });
  }
}

class OrtModel {
  readonly #session: InferenceSession;
  readonly #toTensor: (plain: PlainTensor) => Tensor;
  readonly #known = new Map<string, { readonly plain: PlainTensor; readonly tensor: Tensor }>();

  constructor(session: InferenceSession, toTensor: (plain: PlainTensor) => Tensor) {
    this.#session = session;
    this.#toTensor = toTensor;
  }

  async run(inputs: TensorMap): Promise<ModelOutcome> {
    try {
      const feeds = this.#feeds(inputs);
      const startedAt = performance.now();
      const results = await this.#session.run(feeds);
      const runMs = performance.now() - startedAt;
      const outputs: Record<string, PlainTensor> = {};
      for (const name of this.#session.outputNames) outputs[name] = toPlain(name, results[name]);
      return { kind: 'outputs', outputs, runMs };
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  /** A tensor that comes again is the same memory with other numbers: what the runtime knows it as is kept. */
  #feeds(inputs: TensorMap): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const name of Object.keys(inputs)) {
      const plain = inputs[name] as PlainTensor;
      const known = this.#known.get(name);
      const tensor = known?.plain === plain ? known.tensor : this.#toTensor(plain);
      if (tensor !== known?.tensor) this.#known.set(name, { plain, tensor });
      feeds[name] = tensor;
    }
    return feeds;
  }

  /** Runs on zeros of the given sizes, so that the first decision does not pay for allocations. */
  async warmUp({ warmUpRuns, warmUpDimensions }: LoadRequest): Promise<void> {
    const inputs: Record<string, PlainTensor> = {};
    for (const meta of this.#session.inputMetadata) {
      if (!meta.isTensor) throw new Error(`the input ${meta.name} is no tensor`);
      inputs[meta.name] = zeros(meta.name, meta.type, sizesOf(meta.shape, warmUpDimensions));
    }
    for (let run = 0; run < warmUpRuns; run += 1) {
      const outcome = await this.run(inputs);
      if (outcome.kind === 'failed') throw new Error(`the warm-up run failed: ${outcome.reason}`);
      const nonfinite = firstNonfinite(outcome.outputs);
      if (nonfinite !== undefined) throw new Error(`the warm-up run gave a non-finite ${nonfinite}`);
    }
  }
}

const sizesOf = (shape: readonly (number | string)[], open: Readonly<Record<string, number>>): readonly number[] =>
  shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : (open[String(dim)] ?? OPEN_DIMENSION)));

function zeros(name: string, type: string, dims: readonly number[]): PlainTensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'float32') return { type, dims, data: new Float32Array(size) };
  if (type === 'int64') return { type, dims, data: new BigInt64Array(size) };
  throw new Error(`the input ${name} is of type ${type}; float32 and int64 are supported`);
}

function toPlain(name: string, tensor: Tensor | undefined): PlainTensor {
  const { type, dims, data } = tensor ?? {};
  if (dims !== undefined && type === 'float32' && data instanceof Float32Array) return { type, dims, data };
  if (dims !== undefined && type === 'int64' && data instanceof BigInt64Array) return { type, dims, data };
  throw new Error(`the output ${name} is of type ${type}; float32 and int64 are supported`);
}

/** The message alone: bounded, without stack. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARS_MAX);
}
