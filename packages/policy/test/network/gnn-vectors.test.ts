import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputWidths } from '../../src/core/network/weight-names.js';
import { DEFAULT_ACTION_PRIOR, initWeights, NODE_TYPES, RELATION_KEYS, writeSafetensors } from '../../src/index.js';
import {
  changedWeights,
  dimsOfConfig,
  type GnnCase,
  gnnVectorRunners,
  type RecordedConfig,
  type RecordedTensor,
  type VectorOutcome,
} from '../../src/testing.js';
import { loadModel } from './onnx-session.js';
import { must } from './samples.js';

const CONFIG: RecordedConfig = {
  global_input_dim: 2,
  seed_input_dim: 2,
  blueprint_input_dim: 2,
  layer_input_dim: 2,
  activation_input_dim: 2,
  parameter_input_dim: 2,
  sage_hidden_dim: 4,
  gat_hidden_dim: 2,
  attention_heads: 2,
  policy_classes: 5,
  blending_classes: 3,
  schedule_output_dim: 2,
  edge_feature_dim: 1,
  risk_classes: 2,
  param_vector_dim: 1,
};
const DIMS = dimsOfConfig(CONFIG);

/**
 * Weights for which the answer can be worked out by hand: every matrix is 0, the layer norms add 0.5, GraphSAGE biases are
 * 1, GAT biases are 2, and the seed score reads the first channel.
 */
const byHand = changedWeights(
  must(initWeights({ dims: DIMS, seed: 1, actionPrior: DEFAULT_ACTION_PRIOR })),
  (name, { data }) => {
    if (name.endsWith('.2.bias') && name.startsWith('_node_encoders')) return data.map(() => 0.5);
    if (name.endsWith('lin_l.bias')) return data.map(() => 1);
    if (name.startsWith('_gat_layers') && name.endsWith('.bias')) return data.map(() => 2);
    if (name === '_policy_head.bias') return Float32Array.of(1, 2, 3, 4, 5);
    if (name === '_value_head.weight') return data.map(() => 1);
    if (name === '_seed_score_head.weight') return Float32Array.of(1, 0);
    if (name === '_schedule_head.2.bias') return Float32Array.of(0.5, -0.5);
    return data.map(() => 0);
  },
);
const WEIGHTS = writeSafetensors(byHand.set);

const GELU_2 = 1.9544997361036416;
/** GAT-1 has no residual (4 → 2 channels), GAT-2 has one: GELU(2) twice. */
const CHANNEL = 2 * GELU_2;

const tensor = (shape: number[], data: (number | string)[]): RecordedTensor => ({ shape, data });

function handCase(
  change: { drop?: string; x?: (number | string)[]; out?: Record<string, RecordedTensor> } = {},
): GnnCase {
  const widths = inputWidths(DIMS);
  const x = Object.fromEntries(NODE_TYPES.map((type) => [type, tensor([1, widths[type]], change.x ?? [0.3, -0.7])]));
  const edges = Object.fromEntries(
    RELATION_KEYS.filter((key) => key !== change.drop).map((key) => [
      key,
      { index: [[0], [0]] as [number[], number[]], attr: tensor([1, 1], [1]) },
    ]),
  );
  const out = {
    policy_logits: tensor([1, 5], [1, 2, 3, 4, 5]),
    policy_params: tensor([1, 1], [0]),
    param_delta: tensor([1, 1], [0]),
    blending_logits: tensor([1, 3], [0, 0, 0]),
    risk_logits: tensor([1, 2], [0, 0]),
    value: tensor([1, 1], [2 * CHANNEL]),
    breaker_logits: tensor([1, 2], [0, 0]),
    schedule_params: tensor([1, 2], [Math.tanh(0.5), Math.tanh(-0.5)]),
    graph_embedding: tensor([1, 2], [CHANNEL, CHANNEL]),
    seed_scores: tensor([1], [CHANNEL]),
    blueprint_scores: tensor([1], [0]),
    ...change.out,
  };
  return { id: 0, tag: 'by-hand', in: { x, edges }, out };
}

const run = gnnVectorRunners(loadModel)['gnn-cases'];
const verdicts = (outcomes: readonly VectorOutcome[]) => outcomes.map(({ verdict, rule }) => rule ?? verdict);
const ask = async (line: GnnCase) => verdicts(await run(line, WEIGHTS, CONFIG));

describe('the runner of recorded graphs, on cases worked out by hand', () => {
  it('P-D42: all three give the answer worked out by hand: GELU, no norm after convolutions, global row read out', async () => {
    expect(await run(handCase(), WEIGHTS, CONFIG)).toEqual(
      ['reference', 'op-by-op', 'compiled'].map((form) => ({ id: 0, tag: 'by-hand', form, verdict: 'equal' })),
    );
  });

  it('one wrong number, one lacking or one surplus output is unexplained, in every form', async () => {
    const wrong = { graph_embedding: tensor([1, 2], [CHANNEL, CHANNEL + 1e-3]) };
    const outcomes = await run(handCase({ out: wrong }), WEIGHTS, CONFIG);
    expect(verdicts(outcomes)).toEqual(['unexplained', 'unexplained', 'unexplained']);
    expect(outcomes[2]?.detail).toMatch(/^graph_embedding\[1\] is 3\.908/);
    const { seed_scores: _, ...fewer } = handCase().out ?? {};
    expect(await ask({ ...handCase(), out: fewer })).toEqual(['unexplained', 'unexplained', 'unexplained']);
    expect(await ask(handCase({ out: { other: tensor([1], [0]) } }))).toEqual(new Array(3).fill('unexplained'));
  });

  it('P-D41: a missing relation is computed op by op and refused by the compiled form', async () => {
    expect(await ask(handCase({ drop: 'seed__peer__seed' }))).toEqual(['equal', 'equal', 'gnn-relation-missing']);
  });

  it('P-D7: non-finite input spreads alike in the open forms and is refused by the compiled one', async () => {
    const nan = Object.fromEntries(
      Object.entries(handCase().out ?? {}).map(([name, { shape, data }]) => [
        name,
        tensor(
          [...shape],
          data.map(() => 'NaN'),
        ),
      ]),
    );
    expect(await ask(handCase({ x: ['NaN', 0], out: nan }))).toEqual(['equal', 'equal', 'gnn-nonfinite-refused']);
    expect(await ask(handCase({ x: ['NaN', 0] }))).toEqual(['unexplained', 'unexplained', 'gnn-nonfinite-refused']);
    expect(await ask(handCase({ x: [1e30, 0] }))).toEqual(new Array(3).fill('gnn-magnitude-refused'));
  });

  it('what the recording raises must be refused, and only that', async () => {
    const { out: _, ...raising } = handCase();
    const raises = { type: 'AttributeError', message: 'x' };
    expect(await ask({ ...raising, raises })).toEqual(['unexplained', 'unexplained', 'unexplained']);
    const { seed: __, ...bare } = raising.in.x;
    expect(await ask({ ...raising, in: { ...raising.in, x: bare }, raises })).toEqual(['equal', 'equal', 'equal']);
    const outside = { ...raising.in.edges, seed__peer__seed: { index: [[0], [7]] as [number[], number[]] } };
    expect(await ask({ ...raising, in: { ...raising.in, edges: outside }, raises })).toEqual([
      'equal',
      'equal',
      'equal',
    ]);
    expect(await ask({ ...handCase(), in: { ...raising.in, edges: outside } })).toEqual(
      new Array(3).fill('unexplained'),
    );
  });
});

const folder = process.env['TAMIYO_VECTORS'] === undefined ? '' : join(process.env['TAMIYO_VECTORS'], 'policy');
const sets = existsSync(folder)
  ? readdirSync(folder).flatMap((file) => /^gnn-cases-(.+)\.jsonl$/.exec(file)?.[1] ?? [])
  : [];
/** Each set of missing relations is a model of its own that takes seconds to load; `pnpm differential` tries them all. */
const MISSING_TRIED = 1;

describe('recorded graphs (TAMIYO_VECTORS)', () => {
  it.skipIf(sets.length === 0)('there are recorded sets', () => expect(sets.length).toBeGreaterThan(0));

  it.each(sets)(
    'P-D41: %s: equal or a named deviation, in all three computations',
    async (name) => {
      const weights = readFileSync(join(folder, `weights-${name}.safetensors`));
      const config = JSON.parse(readFileSync(join(folder, `config-${name}.json`), 'utf8')) as RecordedConfig;
      const lines = readFileSync(join(folder, `gnn-cases-${name}.jsonl`), 'utf8')
        .trim()
        .split('\n');
      let missing = 0;
      const unexplained: VectorOutcome[] = [];
      for (const text of lines) {
        const line = JSON.parse(text) as GnnCase;
        if (Object.keys(line.in.edges).length < RELATION_KEYS.length) missing += 1;
        if (missing > MISSING_TRIED && Object.keys(line.in.edges).length < RELATION_KEYS.length) continue;
        for (const outcome of await run(line, weights, config))
          if (outcome.verdict === 'unexplained') unexplained.push(outcome);
      }
      expect(unexplained).toEqual([]);
    },
    240_000,
  );
});
