import { SeededRandom } from '@esper/testkit';
import type { DrillOutcome } from '../../../../tools/drill/drill.ts';
import {
  compileGraph,
  compileOpByOp,
  compileWeights,
  DEFAULT_DIMS,
  type HeteroGraph,
  type NetworkDims,
  type NetworkOutputs,
  opByOpFeeds,
  type PolicyWeights,
  RELATION_KEYS,
  splitOutputs,
  type TensorMap,
} from '../../src/index.js';
import {
  type ApproximationError,
  agreementOf,
  approximationError,
  choices,
  type LoadedModel,
  largestDifference,
  type NamedOutputs,
  NO_CHOICES,
  namedOutputs,
  OUTPUT_TOLERANCE,
  referenceForward,
  sampleWeights,
} from '../../src/testing.js';
import { FORM_SABOTAGES, type FormSabotage } from '../network/form-sabotages.js';
import { loadModel } from '../network/onnx-session.js';
import { LIMITS, must, ODD_DIMS, SMALL_DIMS, wildGraph } from '../network/samples.js';

/** One network, in each of its forms. */
interface Network {
  readonly dims: NetworkDims;
  readonly weights: PolicyWeights;
  readonly compiled: LoadedModel;
  readonly opByOp: LoadedModel | undefined;
}

/** Graphs per model that was built for a set of missing relations; loading it costs more than asking it. */
const GRAPHS_PER_MISSING_SET = 5;
const MISSING_SETS_PER_GRAPHS = 125;
const BEYOND_EVERY = 50;

async function openNetwork(dims: NetworkDims, { seed, slowForm }: FormsPlan, sabotage: FormSabotage): Promise<Network> {
  const weights = sampleWeights(dims, new SeededRandom(seed));
  const given = sabotage.weights?.(weights) ?? weights;
  const compiled = await loadModel(compileWeights(given));
  return { dims, weights, compiled, opByOp: slowForm ? await loadModel(must(compileOpByOp(weights))) : undefined };
}

interface Ask {
  readonly model: LoadedModel;
  readonly dims: NetworkDims;
  readonly graph: HeteroGraph;
}

async function askCompiled(
  { model, dims, graph }: Ask,
  sabotage: FormSabotage,
  random: SeededRandom,
): Promise<NetworkOutputs> {
  const seen = sabotage.graph?.(graph, random) ?? graph;
  const feeds = must(compileGraph(seen, { dims, limits: LIMITS }));
  const raw = await model.run(sabotage.feeds?.(feeds) ?? feeds);
  const [seedCount, blueprintCount] = [graph.nodes.seed.ids.length, graph.nodes.blueprint.ids.length];
  const outputs = must(splitOutputs(raw, { dims, seedCount, blueprintCount }));
  return sabotage.outputs?.(outputs) ?? outputs;
}

async function askOpByOp({ model, dims, graph }: Ask): Promise<NamedOutputs> {
  const raw = await model.run(must(opByOpFeeds(graph, { dims, limits: LIMITS })));
  const named = Object.fromEntries(Object.entries(raw).map(([name, { data }]) => [name, data as Float32Array]));
  return { ...named, param_delta: named['policy_params']?.subarray(0, 1) as Float32Array };
}

/** Widest differences and choices so far. */
class Tally {
  graphs = 0;
  missingSets = 0;
  refusedBeyondLimit = 0;
  readonly worst = { compiled: 0, opByOp: 0, missing: 0 };
  choices = NO_CHOICES;

  see(form: keyof Tally['worst'], difference: number): void {
    this.worst[form] = Math.max(this.worst[form], difference);
  }
}

async function compareOne(
  network: Network,
  given: { seed: number; sabotage: FormSabotage },
  tally: Tally,
): Promise<void> {
  const { dims, weights } = network;
  const graph = wildGraph(dims, given.seed);
  const expected = must(referenceForward(graph, weights));
  const compiled = await askCompiled(
    { model: network.compiled, dims, graph },
    given.sabotage,
    new SeededRandom(given.seed),
  );
  tally.graphs += 1;
  tally.see('compiled', largestDifference(namedOutputs(expected), namedOutputs(compiled)));
  if (network.opByOp !== undefined) {
    const literal = await askOpByOp({ model: network.opByOp, dims, graph });
    tally.see('opByOp', largestDifference(namedOutputs(expected), literal));
  }
  tally.choices = agreementOf(choices(expected), choices(compiled), tally.choices);
}

/** A graph over the node limit must be refused, whatever its shape. */
function compareBeyond({ dims }: Network, seed: number, tally: Tally): void {
  const counts = { global: 1, seed: 20, blueprint: 8, parameter: 100, layer: 100, activation: 60 };
  const refused = compileGraph(wildGraph(dims, seed, counts), { dims, limits: LIMITS });
  if (!refused.ok && refused.error.code === 'graph_too_large') tally.refusedBeyondLimit += 1;
}

async function compareMissing({ dims, weights }: Network, seed: number, tally: Tally): Promise<void> {
  const random = new SeededRandom(seed);
  // Relations out of the global node alone can be missing freely: every type keeps at least one incoming relation.
  const removable = RELATION_KEYS.filter((key) => random.chance(0.35) && !/^(layer__feedback|seed__reports)/.test(key));
  const present = new Set(RELATION_KEYS.filter((key) => !removable.includes(key)));
  const file = compileOpByOp(weights, present);
  if (!file.ok) return;
  tally.missingSets += 1;
  const model = await loadModel(file.value);
  for (let i = 0; i < GRAPHS_PER_MISSING_SET; i += 1) {
    const full = wildGraph(dims, seed * 1000 + i);
    const edges = Object.fromEntries(
      RELATION_KEYS.filter((key) => present.has(key)).map((key) => [key, full.edges[key]]),
    );
    const graph = { ...full, edges } as HeteroGraph;
    const expected = namedOutputs(must(referenceForward(graph, weights)));
    tally.graphs += 1;
    tally.see('missing', largestDifference(expected, await askOpByOp({ model, dims, graph })));
  }
  await model.release();
}

/** float32 against int8 at the default sizes. */
async function compareInt8(seed: number, count: number): Promise<ApproximationError> {
  const dims = DEFAULT_DIMS;
  const weights = sampleWeights(dims, new SeededRandom(seed));
  const [full, small] = [
    await loadModel(compileWeights(weights)),
    await loadModel(compileWeights(weights, { format: 'int8' })),
  ];
  const graphs = Array.from({ length: count }, (_, i) => wildGraph(dims, seed + i));
  const models = {
    dims,
    exact: (feeds: TensorMap) => full.run(feeds),
    rounded: (feeds: TensorMap) => small.run(feeds),
  };
  const figures = await approximationError(models, graphs);
  await Promise.all([full.release(), small.release()]);
  return figures;
}

function judge(tally: Tally, beyond: number): readonly string[] {
  const failures = Object.entries(tally.worst)
    .filter(([, worst]) => !(worst <= OUTPUT_TOLERANCE))
    .map(([form, worst]) => `${form} differs from the reference by ${worst}, allowed ${OUTPUT_TOLERANCE}`);
  if (tally.choices.differing > 0) failures.push(`${tally.choices.differing} choices differ beyond the gap`);
  if (tally.refusedBeyondLimit !== beyond)
    failures.push(`${beyond - tally.refusedBeyondLimit} graphs over the limit were taken`);
  return failures;
}

/** How much is compared. */
export interface FormsPlan {
  readonly seed: number;
  readonly count: number;
  /** Whether the op-by-op form is asked too. */
  readonly slowForm: boolean;
  /** True while there is time. */
  readonly goOn: () => boolean;
  /** Graphs that int8 weights are judged on; 0 leaves them out. */
  readonly int8Count: (graphs: number) => number;
}

/** Compares the forms of two networks, with a fault planted in the compiled one when a sabotage is named. */
export async function runFormsDrill(plan: FormsPlan, sabotageName?: string): Promise<DrillOutcome> {
  const sabotage: FormSabotage =
    sabotageName === undefined ? { what: 'nothing' } : FORM_SABOTAGES[sabotageName as keyof typeof FORM_SABOTAGES];
  const networks = [
    await openNetwork(SMALL_DIMS, plan, sabotage),
    await openNetwork(ODD_DIMS, { ...plan, seed: plan.seed + 1 }, sabotage),
  ];
  const tally = new Tally();
  let beyond = 0;
  for (let i = 0; i < plan.count && plan.goOn(); i += 1) {
    const network = networks[i % networks.length] as Network;
    await compareOne(network, { seed: plan.seed * 1_000_000 + i, sabotage }, tally);
    if (i % BEYOND_EVERY === 0) {
      beyond += 1;
      compareBeyond(network, i, tally);
    }
    if (plan.slowForm && i % MISSING_SETS_PER_GRAPHS === 0) await compareMissing(network, plan.seed + i, tally);
  }
  await Promise.all(networks.flatMap(({ compiled, opByOp }) => [compiled.release(), opByOp?.release()]));
  const { graphs, missingSets, worst, choices: seen, refusedBeyondLimit } = tally;
  const int8Count = plan.int8Count(graphs);
  const int8 = int8Count === 0 ? undefined : await compareInt8(plan.seed, int8Count);
  return {
    json: { graphs, missingSets, worst, choices: seen, refusedBeyondLimit, int8 },
    failures: judge(tally, beyond),
  };
}
