import { invariant, ok, type Result } from '@esper/std';
import { type ActionPrior, type ActionPriorRefusal, actionBias, checkActionPrior } from './action-prior.js';
import { checkDims, type DimsRefusal } from './check-dims.js';
import type { NetworkDims } from './dims.js';
import { seededStream } from './seeded-stream.js';
import { elementCount, type WeightTensor } from './tensor-set.js';
import { weightShapes } from './weight-names.js';
import { bindWeights, type PolicyWeights } from './weights.js';

/** What a fresh network is made from. */
export interface InitOptions {
  readonly dims: NetworkDims;
  /** A whole number in [0, 2^32). Equal seeds give equal weights on every machine. */
  readonly seed: number;
  readonly actionPrior: ActionPrior;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Half width of the uniform distribution of a linear layer: 1/√inputs, for the weight and its bias alike. */
function linearBound(name: string, shapes: Shapes): number {
  const inputs = shapes.get(name.replace(/\.bias$/, '.weight'))?.[1] ?? 0;
  invariant(inputs > 0, `${name} belongs to no linear layer`);
  return 1 / Math.sqrt(inputs);
}

/** Glorot: √(6 / (rows + columns)) of the last two axes. */
function glorotBound(shape: readonly number[]): number {
  const [rows = 1, columns = 1] = shape.slice(-2);
  return Math.sqrt(6 / (rows + columns));
}

const isGat = (name: string): boolean => name.startsWith('_gat_layers.');
const isNorm = (name: string): boolean => name.startsWith('_node_encoders.') && name.includes('.2.');

function initialValue(name: string, shapes: Shapes, options: InitOptions): Float32Array {
  const shape = shapes.get(name) ?? [];
  const count = elementCount(shape);
  const isBias = name.endsWith('bias');
  if (name === '_policy_head.weight') return new Float32Array(count);
  if (name === '_policy_head.bias') return actionBias(options.actionPrior, options.dims.policyClassCount);
  if (isNorm(name)) return new Float32Array(count).fill(isBias ? 0 : 1);
  if (isGat(name) && isBias) return new Float32Array(count);
  const bound = isGat(name) ? glorotBound(shape) : linearBound(name, shapes);
  const next = seededStream(options.seed, name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 1) values[i] = (2 * next() - 1) * bound;
  return values;
}

/**
 * Fresh weights with the distributions the prototype's layers start from: uniform ±1/√inputs for linear layers and
 * GraphSAGE, Glorot for the GAT projections and attention vectors, zero GAT biases, unit layer norms. The policy head has
 * zero weights and the logarithm of the action prior as bias, so that the choice of a fresh network is the stated one.
 */
export function initWeights(options: InitOptions): Result<PolicyWeights, DimsRefusal | ActionPriorRefusal> {
  invariant(options.seed === options.seed >>> 0, `not a 32-bit seed: ${options.seed}`);
  const dims = checkDims(options.dims);
  if (!dims.ok) return dims;
  const prior = checkActionPrior(options.actionPrior);
  if (!prior.ok) return prior;
  const shapes = weightShapes(dims.value);
  const tensors = new Map<string, WeightTensor>();
  for (const [name, shape] of shapes) tensors.set(name, { shape, data: initialValue(name, shapes, options) });
  const bound = bindWeights({ tensors, metadata: {} }, dims.value);
  invariant(bound.ok, `fresh weights are refused: ${JSON.stringify(bound.ok ? '' : bound.error)}`);
  return ok(bound.value);
}
