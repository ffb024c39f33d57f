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
import { GOLDEN_FILE, type RegistryRefusal } from '@esper/registry';
import { err, invariant, ok, type Result } from '@esper/std';
import { z } from 'zod';
import { TamiyoError } from '../errors.js';

/** Recorded inputs and what the network said to them: a bundle's proof that it still says the same. */
export interface GoldenCase {
  readonly name: string;
  readonly inputs: TensorMap;
  readonly outputs: TensorMap;
}

const TOLERANCE = 1e-4;
const DEADLINE_MS = 10_000;
const LATENCY_RUNS = 20;

const schema = z.strictObject({ format: z.literal(1), cases: z.array(caseSchema()).min(1).max(64) });

function caseSchema() {
  const dims = z.array(z.int().min(0)).max(8);
  const tensor = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('float32'), dims, data: z.array(z.number()) }),
    z.strictObject({ type: z.literal('int64'), dims, data: z.array(z.string().regex(/^-?\d{1,18}$/)) }),
  ]);
  const tensors = z.record(z.string().min(1).max(64), tensor);
  return z.strictObject({ name: z.string().min(1).max(128), inputs: tensors, outputs: tensors });
}

/** Runs the golden graphs through a freshly made model and gives the bytes of the bundle's golden file. */
export async function recordGoldenCases(host: InferenceHost, dims: NetworkDims): Promise<Uint8Array> {
  const cases: GoldenCase[] = [];
  for (const seedCount of [1, 2]) {
    const inputs = goldenInputs(seedCount, dims);
    const reply = await host.infer(inputs, DEADLINE_MS);
    if (!reply.ok) {
      throw new TamiyoError(
        'POLICY_UNUSABLE',
        `a model just made gives no golden case: ${JSON.stringify(reply.error)}`,
      );
    }
    cases.push({ name: `seeds-${seedCount}`, inputs, outputs: reply.value.outputs });
  }
  return new TextEncoder().encode(`${JSON.stringify({ format: 1, cases: cases.map(plainCase) })}\n`);
}

const differs = (message: string): Result<never, RegistryRefusal> => err({ code: 'POLICY_GOLDEN_MISMATCH', message });

/** The golden cases in a bundle's file. At least one: a bundle that proves nothing is refused. */
export function readGoldenCases(bytes: Uint8Array): Result<readonly GoldenCase[], RegistryRefusal> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    return differs(`${GOLDEN_FILE} is no JSON: ${cause instanceof Error ? cause.message : ''}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data.cases.map(goldenCase));
  const issue = parsed.error.issues[0];
  return differs(`${GOLDEN_FILE} is not of format 1: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Recomputes every golden case on the loaded model; gives their number, or the case and the first number that differs. */
export async function checkGoldenCases(
  host: InferenceHost,
  cases: readonly GoldenCase[],
): Promise<Result<number, RegistryRefusal>> {
  for (const golden of cases) {
    const reply = await host.infer(golden.inputs, DEADLINE_MS);
    if (!reply.ok) return differs(`golden case ${golden.name} is not answered: ${JSON.stringify(reply.error)}`);
    const problem = firstDifference(golden.outputs, reply.value.outputs);
    if (problem !== undefined) return differs(`golden case ${golden.name} is not met: ${problem}`);
  }
  return ok(cases.length);
}

/** p95 of the golden graphs on a loaded model, in milliseconds, queueing and transfer included. Rejects when a run fails. */
export async function goldenLatencyMs(host: InferenceHost, cases: readonly GoldenCase[]): Promise<number> {
  const took: number[] = [];
  for (let run = 0; run < LATENCY_RUNS; run += 1) {
    const golden = cases[run % cases.length];
    invariant(golden !== undefined, 'there is a golden case');
    const reply = await host.infer(golden.inputs, DEADLINE_MS);
    if (!reply.ok) throw new TamiyoError('POLICY_UNUSABLE', `a run failed: ${JSON.stringify(reply.error)}`);
    took.push(reply.value.totalMs);
  }
  took.sort((a, b) => a - b);
  return took[Math.ceil(0.95 * took.length) - 1] ?? Number.NaN;
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

type StoredTensors = z.infer<typeof schema>['cases'][number]['inputs'];

const plainCase = (golden: GoldenCase) => ({
  name: golden.name,
  inputs: plainTensors(golden.inputs),
  outputs: plainTensors(golden.outputs),
});

const plainTensors = (tensors: TensorMap) =>
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

const goldenCase = ({ name, inputs, outputs }: z.infer<typeof schema>['cases'][number]): GoldenCase => ({
  name,
  inputs: tensorsOf(inputs),
  outputs: tensorsOf(outputs),
});

const tensorsOf = (stored: StoredTensors): TensorMap =>
  Object.fromEntries(
    Object.entries(stored).map(([name, tensor]): [string, PlainTensor] => [
      name,
      tensor.type === 'float32'
        ? { ...tensor, data: Float32Array.from(tensor.data) }
        : { ...tensor, data: BigInt64Array.from(tensor.data, BigInt) },
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
