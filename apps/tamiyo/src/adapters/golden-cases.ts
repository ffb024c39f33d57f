import type { BlueprintDescriptor, SystemStatePacket } from '@esper/leyline';
import {
  compileGraph,
  DEFAULT_GRAPH_LIMITS,
  type InferenceHost,
  type NetworkDims,
  observe,
  type PlainTensor,
  priorNormalizerState,
  resolveObserveLimits,
  type TensorMap,
} from '@esper/policy';
import { invariant } from '@esper/std';
import { TamiyoError } from '../errors.js';

/** Recorded inputs and what the network said to them: a bundle's proof that it still says the same. */
interface GoldenCase {
  readonly name: string;
  readonly inputs: TensorMap;
  readonly outputs: TensorMap;
}

const TOLERANCE = 1e-4;
const DEADLINE_MS = 10_000;

/** Runs the golden graphs through a freshly made model and gives the bytes of the bundle's golden file. */
export async function recordGoldenCases(host: InferenceHost, dims: NetworkDims): Promise<Uint8Array> {
  const cases: GoldenCase[] = [];
  for (const seedCount of [1, 2]) {
    const inputs = goldenInputs(seedCount, dims);
    cases.push({ name: `seeds-${seedCount}`, inputs, outputs: await infer(host, inputs) });
  }
  return new TextEncoder().encode(`${JSON.stringify({ format: 1, cases: cases.map(plainCase) })}\n`);
}

/** Recomputes every golden case on the loaded model. Throws `POLICY_UNUSABLE` with the case and the first number that differs. */
export async function checkGoldenCases(host: InferenceHost, bytes: Uint8Array): Promise<number> {
  const { cases } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
    cases: readonly StoredCase[];
  };
  for (const stored of cases) {
    const found = await infer(host, tensorsOf(stored.inputs));
    const problem = firstDifference(tensorsOf(stored.outputs), found);
    if (problem !== undefined)
      throw new TamiyoError('POLICY_UNUSABLE', `golden case ${stored.name} is not met: ${problem}`);
  }
  return cases.length;
}

async function infer(host: InferenceHost, inputs: TensorMap): Promise<TensorMap> {
  const reply = await host.infer(inputs, DEADLINE_MS);
  if (!reply.ok)
    throw new TamiyoError(
      'POLICY_UNUSABLE',
      `the model does not answer its golden cases: ${JSON.stringify(reply.error)}`,
    );
  return reply.value.outputs;
}

function firstDifference(expected: TensorMap, found: TensorMap): string | undefined {
  for (const [name, tensor] of Object.entries(expected)) {
    const other = found[name];
    if (other === undefined || other.data.length !== tensor.data.length) return `output ${name} has another shape`;
    for (const [index, value] of tensor.data.entries()) {
      const gap = Math.abs(Number(value) - Number(other.data[index]));
      if (!(gap <= TOLERANCE * Math.max(1, Math.abs(Number(value)))))
        return `${name}[${index}] is ${String(other.data[index])}, recorded ${String(value)}`;
    }
  }
  return undefined;
}

type StoredTensor = {
  readonly type: PlainTensor['type'];
  readonly dims: readonly number[];
  readonly data: readonly (number | string)[];
};
type StoredTensors = Readonly<Record<string, StoredTensor>>;
type StoredCase = { readonly name: string; readonly inputs: StoredTensors; readonly outputs: StoredTensors };

const plainCase = (golden: GoldenCase): StoredCase => ({
  name: golden.name,
  inputs: plainTensors(golden.inputs),
  outputs: plainTensors(golden.outputs),
});

const plainTensors = (tensors: TensorMap): StoredTensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { type, dims, data }]) => [
      name,
      {
        type,
        dims,
        data: Array.from(data as ArrayLike<number | bigint>, (value) =>
          typeof value === 'bigint' ? value.toString() : value,
        ),
      },
    ]),
  );

const tensorsOf = (stored: StoredTensors): TensorMap =>
  Object.fromEntries(
    Object.entries(stored).map(([name, { type, dims, data }]): [string, PlainTensor] => [
      name,
      type === 'float32'
        ? { type, dims, data: Float32Array.from(data, Number) }
        : { type, dims, data: BigInt64Array.from(data, BigInt) },
    ]),
  );

/** A graph that every bundle is asked about: fixed numbers, nothing missing. */
function goldenInputs(seedCount: number, dims: NetworkDims): TensorMap {
  const observed = observe(
    {
      packet: goldenPacket(seedCount),
      blueprints: [GOLDEN_BLUEPRINT],
      vocabularies: { seed: new Map(), blueprint: new Map(), layer_type: new Map(), activation_type: new Map() },
      statistics: priorNormalizerState(),
    },
    resolveObserveLimits({ widths: dims }),
  );
  invariant(observed.ok, 'the golden packet is valid');
  const compiled = compileGraph(observed.value.graph, { dims, limits: DEFAULT_GRAPH_LIMITS });
  invariant(compiled.ok, 'the golden graph is valid');
  return compiled.value;
}

const goldenPacket = (seedCount: number): SystemStatePacket => ({
  version: 1,
  packetId: 'golden',
  trainingRunId: 'golden',
  sourceSubsystem: 'tamiyo',
  currentEpoch: 4,
  globalStep: 120,
  trainingLoss: 0.9,
  validationLoss: 1,
  trainingMetrics: { loss: 0.9, gradient_norm: 1.2, samples_per_s: 4000, hook_latency_ms: 9 },
  seedStates: Array.from({ length: seedCount }, (_, index) => ({
    seedId: `golden-${index}`,
    stage: 'DORMANT' as const,
    learningRate: 0.01,
    gradientNorm: 0.7,
    riskScore: 0.2 + 0.1 * index,
    layerDepth: index,
    ageEpochs: 3,
    metrics: { blend_allowed: 1 },
  })),
});

const GOLDEN_BLUEPRINT: BlueprintDescriptor = {
  blueprintId: 'golden-blueprint',
  name: 'golden',
  tier: 'SAFE',
  risk: 0.2,
  stage: 1,
  quarantineOnly: false,
  approvalRequired: false,
  description: 'fixed',
  allowedParameters: { alpha: { minValue: 0, maxValue: 1 } },
  graph: {
    layers: [{ layerId: 'l0', type: 'linear', depth: 0, latencyMs: 5, parameterCount: 900, outputChannels: 8 }],
    activations: [{ activationId: 'a0', type: 'relu', saturationRate: 0.4 }],
    parameters: [{ name: 'alpha', min: 0, max: 1, default: 0.5, span: 1 }],
    meshHostLayers: ['l0.weight'],
    source: 'urza',
  },
};
