import { err, ok, type Result } from '@esper/std';
import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../../graph/schema.js';
import { foldLinear } from '../compiled/fold-heads.js';
import { writeEncoder, writeGelu, writeProduct } from '../compiled/write-parts.js';
import { GraphWriter, int } from '../onnx/graph-writer.js';
import type { OnnxGraph } from '../onnx/onnx-graph.js';
import { CONV_LAYER_COUNT, encoderPrefix } from '../weight-names.js';
import type { PolicyWeights } from '../weights.js';
import { OP_BY_OP_CONTRACT, opByOpInputs, opByOpOutputs } from './op-by-op-contract.js';
import { type RelationStep, writeGatRelation, writeSageRelation } from './write-relation.js';

/** The relations leave a node type without any incoming one, yet a later layer needs it. */
export interface UnreachableNodeType {
  readonly code: 'node_type_unreachable';
  readonly nodeType: NodeType;
}

interface Embeddings {
  readonly name: string;
  readonly width: number;
}

type State = ReadonlyMap<NodeType, Embeddings>;

interface Layer {
  readonly writer: GraphWriter;
  readonly weights: PolicyWeights;
  readonly present: ReadonlySet<RelationKey>;
  readonly layer: number;
  readonly width: number;
  readonly write: (step: RelationStep) => string;
}

/** Mean over the relations that are present, GELU, and the residual where the widths agree. */
function mergeRelations({ writer, width }: Layer, parts: readonly string[], skip: Embeddings | undefined): string {
  const stacked = writer.op(
    'Concat',
    parts.map((part) => writer.op('Unsqueeze', [part, writer.ints([0])])),
    { attributes: { axis: int(0) } },
  );
  const mean = writer.op('ReduceMean', [stacked, writer.ints([0])], { attributes: { keepdims: int(0) } });
  const activated = writeGelu(writer, mean);
  return skip?.width === width ? writer.op('Add', [activated, skip.name]) : activated;
}

function writeLayer(state: State, given: Layer): Result<State, UnreachableNodeType> {
  const arriving = new Map<NodeType, string[]>();
  for (const [r, relation] of RELATIONS.entries()) {
    if (!given.present.has(RELATION_KEYS[r] as RelationKey)) continue;
    const absent = [relation.source, relation.target].find((type) => !state.has(type));
    if (absent !== undefined) return err({ code: 'node_type_unreachable', nodeType: absent });
    const source = state.get(relation.source)?.name ?? '';
    const target = state.get(relation.target)?.name ?? '';
    const { writer, weights, layer } = given;
    const part = given.write({ writer, weights, layer, relation, source, target });
    arriving.set(relation.target, [...(arriving.get(relation.target) ?? []), part]);
  }
  const next = [...arriving].map(([type, parts]): [NodeType, Embeddings] => [
    type,
    { name: mergeRelations(given, parts, state.get(type)), width: given.width },
  ]);
  return ok(new Map(next));
}

function writeHead(
  writer: GraphWriter,
  weights: PolicyWeights,
  given: { x: string; layer: string; as?: string },
): string {
  const folded = foldLinear(weights, given.layer);
  const as = given.as === undefined ? {} : { as: given.as };
  return writeProduct(writer, given.x, { name: given.layer, folded, format: 'float32', ...as });
}

function writeReadOut(writer: GraphWriter, weights: PolicyWeights, state: State): Result<null, UnreachableNodeType> {
  const global = state.get('global');
  if (global === undefined) return err({ code: 'node_type_unreachable', nodeType: 'global' });
  const x = writer.op('ReduceMean', [global.name, writer.ints([0])], {
    attributes: { keepdims: int(1) },
    as: 'graph_embedding',
  });
  writeHead(writer, weights, { x, layer: '_policy_head', as: 'policy_logits' });
  writeHead(writer, weights, { x, layer: '_blending_head', as: 'blending_logits' });
  writeHead(writer, weights, { x, layer: '_risk_head', as: 'risk_logits' });
  writeHead(writer, weights, { x, layer: '_value_head', as: 'value' });
  writeHead(writer, weights, { x, layer: '_breaker_head', as: 'breaker_logits' });
  for (const [layer, as] of [
    ['_param_head', 'policy_params'],
    ['_schedule_head', 'schedule_params'],
  ] as const) {
    const hidden = writeGelu(writer, writeHead(writer, weights, { x, layer: `${layer}.0` }));
    writer.op('Tanh', [writeHead(writer, weights, { x: hidden, layer: `${layer}.2` })], { as });
  }
  for (const [type, layer, as] of [
    ['seed', '_seed_score_head', 'seed_scores'],
    ['blueprint', '_blueprint_score_head', 'blueprint_scores'],
  ] as const) {
    const rows = state.get(type);
    if (rows === undefined) continue;
    writer.op('Reshape', [writeHead(writer, weights, { x: rows.name, layer }), writer.ints([-1])], { as });
  }
  return ok(null);
}

/**
 * The network relation by relation, as an exporter would write it: for checking, not for serving. A relation that is not
 * in `present` is *missing*: it has no inputs and does not count in the mean, so that each set of relations is a model of
 * its own. A node type that nobody points at loses its score output; if a later layer needs it, the set is refused.
 */
export function opByOpNetwork(
  weights: PolicyWeights,
  present: ReadonlySet<RelationKey>,
): Result<OnnxGraph, UnreachableNodeType> {
  const writer = new GraphWriter();
  for (const port of opByOpInputs(weights.dims, present)) writer.input(port);
  let state: State = new Map(
    NODE_TYPES.map((type) => {
      const name = writeEncoder(writer, weights, { input: `x_${type}`, prefix: encoderPrefix(type) });
      return [type, { name, width: weights.dims.sageHiddenWidth }];
    }),
  );
  const kinds = [
    { width: weights.dims.sageHiddenWidth, write: writeSageRelation },
    { width: weights.dims.gatHiddenWidth, write: writeGatRelation },
  ];
  for (const kind of kinds) {
    for (let layer = 0; layer < CONV_LAYER_COUNT; layer += 1) {
      const next = writeLayer(state, { writer, weights, present, layer, ...kind });
      if (!next.ok) return next;
      state = next.value;
    }
  }
  const read = writeReadOut(writer, weights, state);
  if (!read.ok) return read;
  const vanished = (name: string): boolean =>
    (name === 'seed_scores' && !state.has('seed')) || (name === 'blueprint_scores' && !state.has('blueprint'));
  for (const port of opByOpOutputs(weights.dims)) if (!vanished(port.name)) writer.output(port);
  return ok(writer.finish(OP_BY_OP_CONTRACT));
}
