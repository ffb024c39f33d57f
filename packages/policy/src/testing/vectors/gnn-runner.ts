import { invariant, type Result } from '@esper/std';
import type { HeteroGraph } from '../../core/graph/hetero-graph.js';
import { RELATION_KEYS, type RelationKey } from '../../core/graph/schema.js';
import { checkGraphNumbers, checkGraphShape, type GraphContract } from '../../core/network/check-graph.js';
import { compileGraph } from '../../core/network/compiled/compile-graph.js';
import type { TensorMap } from '../../core/network/feeds.js';
import { DEFAULT_GRAPH_LIMITS } from '../../core/network/graph-limits.js';
import { opByOpFeeds } from '../../core/network/op-by-op/op-by-op-feeds.js';
import { splitOutputs } from '../../core/network/split-outputs.js';
import { bindWeights, type PolicyWeights } from '../../core/network/weights.js';
import { compileOpByOp } from '../../wire/compile-op-by-op.js';
import { compileWeights } from '../../wire/compile-weights.js';
import { readSafetensors } from '../../wire/safetensors-read.js';
import { referenceForward } from '../reference/forward.js';
import { compareOutputs, type NamedOutputs, namedOutputs } from './compare-outputs.js';
import { dimsOfConfig, type GnnCase, graphOfCase, type RecordedConfig } from './gnn-case.js';

/** A model ready to run, whatever the runtime. */
export interface LoadedModel {
  run(feeds: TensorMap): Promise<TensorMap>;
  release(): Promise<void>;
}

/** Loads an ONNX file from its bytes. */
export type LoadModel = (model: Uint8Array) => Promise<LoadedModel>;

/** Where we differ from the recording on purpose; the reason is for people, the id for tables. */
export const GNN_DEVIATIONS = {
  'gnn-relation-missing': 'The compiled form is exact only with all 21 relations; it refuses a graph that lacks one.',
  'gnn-nonfinite-refused': 'A NaN or infinite input is refused before the network is asked; the recording computes on.',
  'gnn-magnitude-refused':
    'A finite input beyond 10¹² overflows float32; the compiled form refuses it, and what the other forms make of it depends on their kernels.',
} as const;

/** One comparison of one recorded line. */
export interface VectorOutcome {
  readonly id: number;
  readonly tag: string;
  /** Which of our three computations was compared. */
  readonly form: 'reference' | 'op-by-op' | 'compiled';
  readonly verdict: 'equal' | 'explained' | 'unexplained';
  /** The deviation that explains it. */
  readonly rule?: keyof typeof GNN_DEVIATIONS;
  /** The first difference, when unexplained. */
  readonly detail?: string;
}

/** What one of our computations made of a graph: outputs, or the code of a refusal. */
type Answer = { readonly outputs: NamedOutputs } | { readonly refused: string };

interface Prepared {
  readonly weights: PolicyWeights;
  readonly contract: GraphContract;
  readonly compiled: Promise<LoadedModel>;
  /** The op-by-op model for all relations, loaded at the first graph that has them all. */
  opByOp?: Promise<LoadedModel>;
}

function unwrap<T, E>(result: Result<T, E>, what: string): T {
  invariant(result.ok, `${what}: ${result.ok ? '' : JSON.stringify(result.error)}`);
  return result.value;
}

function prepare(bytes: Uint8Array, config: RecordedConfig, loadModel: LoadModel): Prepared {
  const dims = dimsOfConfig(config);
  const weights = unwrap(bindWeights(unwrap(readSafetensors(bytes), 'recorded weights'), dims), 'recorded weights');
  const limits = { ...DEFAULT_GRAPH_LIMITS, nodeCountMax: 4096, expandedNodeCountMax: 8192 };
  return { weights, contract: { dims, limits }, compiled: loadModel(compileWeights(weights)) };
}

function answerOfReference(graph: HeteroGraph, { weights, contract }: Prepared): Answer {
  const refusal = checkGraphShape(graph, contract);
  if (refusal !== undefined) return { refused: refusal.code };
  const outputs = referenceForward(graph, weights);
  return outputs.ok ? { outputs: namedOutputs(outputs.value) } : { refused: outputs.error.code };
}

/** Our outputs under the recorded names. */
async function runOpByOp(model: LoadedModel, feeds: TensorMap): Promise<Answer> {
  const raw = await model.run(feeds);
  const outputs = Object.fromEntries(Object.entries(raw).map(([name, { data }]) => [name, data as Float32Array]));
  const delta = outputs['policy_params']?.subarray(0, 1);
  return { outputs: { ...outputs, ...(delta ? { param_delta: delta } : {}) } };
}

/** Each set of present relations is a model of its own; only the full set is kept, the others occur once. */
async function answerOpByOp(graph: HeteroGraph, prepared: Prepared, loadModel: LoadModel): Promise<Answer> {
  const feeds = opByOpFeeds(graph, prepared.contract);
  if (!feeds.ok) return { refused: feeds.error.code };
  const present = new Set(RELATION_KEYS.filter((key) => graph.edges[key] !== undefined));
  if (present.size === RELATION_KEYS.length && prepared.opByOp) return runOpByOp(await prepared.opByOp, feeds.value);
  const file = compileOpByOp(prepared.weights, present);
  if (!file.ok) return { refused: file.error.code };
  const model = loadModel(file.value);
  if (present.size === RELATION_KEYS.length) {
    prepared.opByOp = model;
    return runOpByOp(await model, feeds.value);
  }
  try {
    return await runOpByOp(await model, feeds.value);
  } finally {
    await (await model).release();
  }
}

async function answerCompiled(graph: HeteroGraph, { contract, compiled }: Prepared): Promise<Answer> {
  const feeds = compileGraph(graph, contract);
  if (!feeds.ok) return { refused: feeds.error.code };
  const raw = await (await compiled).run(feeds.value);
  const [seedCount, blueprintCount] = [graph.nodes.seed.ids.length, graph.nodes.blueprint.ids.length];
  const outputs = splitOutputs(raw, { dims: contract.dims, seedCount, blueprintCount });
  return outputs.ok ? { outputs: namedOutputs(outputs.value) } : { refused: outputs.error.code };
}

type Verdict = Pick<VectorOutcome, 'verdict' | 'rule' | 'detail'>;

const firstMissing = (graph: HeteroGraph): RelationKey | undefined =>
  RELATION_KEYS.find((key) => graph.edges[key] === undefined);

interface OwedRefusal {
  readonly code: string;
  readonly rule: keyof typeof GNN_DEVIATIONS;
}

/** The refusal that the compiled form owes to a graph the recording computed, and the deviation that says so. */
function owedRefusal(graph: HeteroGraph, { contract }: Prepared): OwedRefusal | undefined {
  if (firstMissing(graph) !== undefined) return { code: 'relation_missing', rule: 'gnn-relation-missing' };
  const numbers = checkGraphNumbers(graph, contract.limits)?.code;
  if (numbers === 'nonfinite_input') return { code: numbers, rule: 'gnn-nonfinite-refused' };
  return numbers === undefined ? undefined : { code: numbers, rule: 'gnn-magnitude-refused' };
}

function judge(line: GnnCase, answer: Answer): Verdict {
  if (line.out === undefined) {
    return 'refused' in answer ? { verdict: 'equal' } : { verdict: 'unexplained', detail: 'the recording raises' };
  }
  if ('refused' in answer) return { verdict: 'unexplained', detail: `refused as ${answer.refused}` };
  const detail = compareOutputs(line.out, answer.outputs);
  return detail === undefined ? { verdict: 'equal' } : { verdict: 'unexplained', detail };
}

/** `owed`: the refusal that the compiled form owes to this graph. */
function judgeCompiled(line: GnnCase, answer: Answer, owed: OwedRefusal | undefined): Verdict {
  if (owed === undefined || line.out === undefined) return judge(line, answer);
  const refused = 'refused' in answer ? answer.refused : 'nothing';
  return refused === owed.code
    ? { verdict: 'explained', rule: owed.rule }
    : { verdict: 'unexplained', detail: `owed ${owed.code}, refused ${refused}` };
}

/** Forms that compute on after an overflow: what comes out depends on their kernels. */
function judgeUnbounded(line: GnnCase, answer: Answer, overflows: boolean): Verdict {
  return overflows ? { verdict: 'explained', rule: 'gnn-magnitude-refused' } : judge(line, answer);
}

async function runLine(line: GnnCase, prepared: Prepared, loadModel: LoadModel): Promise<readonly VectorOutcome[]> {
  const { id, tag } = line;
  const parsed = graphOfCase(line, prepared.contract.dims);
  if (!parsed.ok) {
    const verdict = judge(line, { refused: parsed.error });
    return (['reference', 'op-by-op', 'compiled'] as const).map((form) => ({ id, tag, form, ...verdict }));
  }
  const graph = parsed.value;
  const overflows = checkGraphNumbers(graph, prepared.contract.limits)?.code === 'magnitude_out_of_range';
  const opByOp = await answerOpByOp(graph, prepared, loadModel);
  const compiled = await answerCompiled(graph, prepared);
  return [
    { id, tag, form: 'reference', ...judgeUnbounded(line, answerOfReference(graph, prepared), overflows) },
    { id, tag, form: 'op-by-op', ...judgeUnbounded(line, opByOp, overflows) },
    { id, tag, form: 'compiled', ...judgeCompiled(line, compiled, owedRefusal(graph, prepared)) },
  ];
}

/** Compares one parsed line of a recorded file. `weights` is the safetensors file, `config` the parsed configuration. */
export type GnnVectorRunner = (
  line: GnnCase,
  weights: Uint8Array,
  config: RecordedConfig,
) => Promise<readonly VectorOutcome[]>;

/**
 * Runners for recorded files, by the name the file begins with. Each line is computed three ways: by the reference
 * forward, by the op-by-op model built for its relations, and by the compiled model. Models of one weights file are
 * prepared once, as long as the same `weights` array is given.
 */
export function gnnVectorRunners(loadModel: LoadModel): { readonly 'gnn-cases': GnnVectorRunner } {
  const prepared = new WeakMap<Uint8Array, Prepared>();
  return {
    'gnn-cases': async (line, weights, config) => {
      const ready = prepared.get(weights) ?? prepare(weights, config, loadModel);
      prepared.set(weights, ready);
      return runLine(line, ready, loadModel);
    },
  };
}
