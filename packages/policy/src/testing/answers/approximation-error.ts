import type { HeteroGraph } from '../../core/graph/hetero-graph.js';
import { compileGraph } from '../../core/network/compiled/compile-graph.js';
import type { NetworkDims } from '../../core/network/dims.js';
import type { TensorMap } from '../../core/network/feeds.js';
import { DEFAULT_GRAPH_LIMITS } from '../../core/network/graph-limits.js';
import type { NetworkOutputs } from '../../core/network/outputs.js';
import { splitOutputs } from '../../core/network/split-outputs.js';
import { namedOutputs } from '../vectors/compare-outputs.js';
import { agreementOf, choices, NO_CHOICES } from './choices.js';

/** Two models of one network in the compiled form, asked one after the other. Either may reject. */
export interface Approximation {
  readonly dims: NetworkDims;
  readonly exact: (feeds: TensorMap) => Promise<TensorMap>;
  readonly rounded: (feeds: TensorMap) => Promise<TensorMap>;
}

/** How far a rounded model is from the exact one. */
export interface ApproximationError {
  readonly graphs: number;
  /** Root of the summed squared differences over the summed squares, all outputs together; 0 is equal. */
  readonly relativeRms: number;
  /** Choices whose best is clear of the second by more than 1e-3; the others are not judged. */
  readonly choices: number;
  /** Share of those that both models make alike. */
  readonly agreementRate: number;
}

/** Asks both models about each graph. Throws `RangeError` for a graph or an answer that is refused. */
export async function approximationError(
  { dims, exact, rounded }: Approximation,
  graphs: Iterable<HeteroGraph>,
): Promise<ApproximationError> {
  let [count, squaredError, squared] = [0, 0, 0];
  let tally = NO_CHOICES;
  for (const graph of graphs) {
    const feeds = compileGraph(graph, { dims, limits: DEFAULT_GRAPH_LIMITS });
    if (!feeds.ok) throw new RangeError(`graph ${count} is refused: ${feeds.error.code}`);
    const expected = answerOf(await exact(feeds.value), dims, graph);
    const found = answerOf(await rounded(feeds.value), dims, graph);
    const other = namedOutputs(found);
    for (const [name, values = new Float32Array()] of Object.entries(namedOutputs(expected))) {
      for (const [at, value] of values.entries()) {
        squaredError += (value - (other[name]?.[at] as number)) ** 2;
        squared += value ** 2;
      }
    }
    tally = agreementOf(choices(expected), choices(found), tally);
    count += 1;
  }
  const judged = tally.same + tally.differing;
  return {
    graphs: count,
    relativeRms: squared === 0 ? 0 : Math.sqrt(squaredError / squared),
    choices: judged,
    agreementRate: judged === 0 ? 1 : tally.same / judged,
  };
}

function answerOf(outputs: TensorMap, dims: NetworkDims, graph: HeteroGraph): NetworkOutputs {
  const [seedCount, blueprintCount] = [graph.nodes.seed.ids.length, graph.nodes.blueprint.ids.length];
  const answer = splitOutputs(outputs, { dims, seedCount, blueprintCount });
  if (!answer.ok) throw new RangeError(`an answer is refused: ${answer.error.code}`);
  return answer.value;
}
