import { err, ok, type Result } from '@esper/std';
import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS } from '../../graph/schema.js';
import { checkGraphShape, type GraphContract, type GraphRefusal } from '../check-graph.js';
import type { PlainTensor, TensorMap } from '../feeds.js';

function indexTensor(edges: EdgeTable): PlainTensor {
  const count = edges.source.length;
  const data = new BigInt64Array(2 * count);
  for (let e = 0; e < count; e += 1) {
    data[e] = BigInt(edges.source[e] as number);
    data[count + e] = BigInt(edges.target[e] as number);
  }
  return { type: 'int64', dims: [2, count], data };
}

function attributeTensor(edges: EdgeTable, width: number): PlainTensor {
  const count = edges.source.length;
  // Zeros through a linear map without bias are the same as no attributes at all.
  const data = edges.attributeWidth === width ? edges.attributes : new Float32Array(count * width);
  return { type: 'float32', dims: [count, width], data };
}

/**
 * The inputs of the op-by-op form that was built for exactly the relations this graph has. This form is for checking:
 * non-finite numbers are let through, so that their spread can be compared.
 */
export function opByOpFeeds(graph: HeteroGraph, contract: GraphContract): Result<TensorMap, GraphRefusal> {
  const refusal = checkGraphShape(graph, contract);
  if (refusal !== undefined) return err(refusal);
  const feeds: Record<string, PlainTensor> = {};
  for (const type of NODE_TYPES) {
    const { ids, width, features } = graph.nodes[type];
    feeds[`x_${type}`] = { type: 'float32', dims: [ids.length, width], data: features };
  }
  for (const key of RELATION_KEYS) {
    const edges = graph.edges[key];
    if (edges === undefined) continue;
    feeds[`edge_index_${key}`] = indexTensor(edges);
    feeds[`edge_attr_${key}`] = attributeTensor(edges, contract.dims.edgeFeatureWidth);
  }
  return ok(feeds);
}
