import { ok, type Result } from '@esper/std';
import { RELATION_KEYS, type RelationKey } from '../core/graph/schema.js';
import { opByOpNetwork, type UnreachableNodeType } from '../core/network/op-by-op/op-by-op-network.js';
import type { PolicyWeights } from '../core/network/weights.js';
import { encodeModel } from './onnx/encode-model.js';

/**
 * The op-by-op form as the bytes of an ONNX file, for graphs that have exactly the relations in `present` (default: all
 * 21, which makes 48 inputs and 10 outputs). Slow: it exists to check the compiled form. Equal weights give equal bytes.
 */
export function compileOpByOp(
  weights: PolicyWeights,
  present: ReadonlySet<RelationKey> = new Set(RELATION_KEYS),
): Result<Uint8Array, UnreachableNodeType> {
  const network = opByOpNetwork(weights, present);
  return network.ok ? ok(encodeModel(network.value)) : network;
}
