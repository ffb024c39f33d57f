import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { expandParallelEdges } from '../../src/core/network/compiled/expand-parallel-edges.js';
import { firstParallelEdge } from '../../src/core/network/parallel-edges.js';
import { NODE_TYPES, RELATION_KEYS, RELATIONS } from '../../src/index.js';
import {
  builderLikeGraph,
  largestDifference,
  namedOutputs,
  randomGraph,
  referenceForward,
  sampleWeights,
  TYPICAL_COUNTS,
} from '../../src/testing.js';
import { must, randomCounts, SMALL_DIMS } from './samples.js';

const weights = sampleWeights(SMALL_DIMS, new SeededRandom(4));

describe('parallel edges', () => {
  it('a graph without any stays as it is', () => {
    const graph = builderLikeGraph(TYPICAL_COUNTS, SMALL_DIMS, new SeededRandom(1));
    expect(expandParallelEdges(graph)).toEqual(graph);
  });

  it('each gets a copy of its source, and the network cannot tell', () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const random = new SeededRandom(seed);
      const counts = randomCounts(random);
      const options = { counts, dims: SMALL_DIMS, emptyChance: 0.2, bareChance: 0.2, duplicateChance: 1 };
      const graph = randomGraph(options, random);
      const simple = expandParallelEdges(graph);
      for (const [r, key] of RELATION_KEYS.entries()) {
        const { source, target } = RELATIONS[r] as (typeof RELATIONS)[number];
        const [from, to] = [simple.nodes[source].ids.length, simple.nodes[target].ids.length];
        const edges = simple.edges[key];
        expect(edges && firstParallelEdge(edges, from, to), `seed ${seed}`).toBe(-1);
      }
      for (const type of NODE_TYPES) {
        const { ids, features } = graph.nodes[type];
        expect(simple.nodes[type].ids.slice(0, ids.length)).toEqual(ids);
        expect(simple.nodes[type].features.subarray(0, features.length)).toEqual(features);
      }
      const before = namedOutputs(must(referenceForward(graph, weights)));
      const after = must(referenceForward(simple, weights));
      const kept = {
        ...after,
        seedScores: after.seedScores.slice(0, counts.seed),
        blueprintScores: after.blueprintScores.slice(0, counts.blueprint),
      };
      expect(largestDifference(before, namedOutputs(kept)), `seed ${seed}`).toBeLessThan(1e-6);
    }
  });
});
