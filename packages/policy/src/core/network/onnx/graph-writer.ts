import { invariant } from '@esper/std';
import { elementCount } from '../tensor-set.js';
import type { OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode, OnnxPort } from './onnx-graph.js';

/** The domain of ONNX Runtime's own operators. */
export const CONTRIB_DOMAIN = 'com.microsoft';

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** How one operator is written. */
export interface OperatorOptions {
  readonly attributes?: Attributes;
  readonly domain?: string;
  /** Names the single output; by default a name is made from the operator and a counter. */
  readonly as?: string;
}

/** How an operator with several outputs is written. */
interface SeveralOutputs {
  readonly count: number;
  readonly attributes: Attributes;
}

/** An int attribute. */
export const int = (value: number): OnnxAttribute => ({ kind: 'int', value });
/** A float attribute. */
export const float = (value: number): OnnxAttribute => ({ kind: 'float', value });

/**
 * Collects the nodes of one model in the order they are computed. Every method returns the name of the value it makes.
 * Names depend on the order of calls alone, so that equal calls give equal models.
 */
export class GraphWriter {
  readonly #inputs: OnnxPort[] = [];
  readonly #outputs: OnnxPort[] = [];
  readonly #constants = new Map<string, OnnxConstant>();
  readonly #nodes: OnnxNode[] = [];

  input(port: OnnxPort): string {
    this.#inputs.push(port);
    return port.name;
  }

  output(port: OnnxPort): void {
    this.#outputs.push(port);
  }

  /** A constant of float32 numbers. */
  floats(name: string, dims: readonly number[], data: Float32Array): string {
    return this.constant({ name, type: 'float32', dims, data });
  }

  /** Any constant. */
  constant(constant: OnnxConstant): string {
    invariant(!this.#constants.has(constant.name), `the constant ${constant.name} is written twice`);
    invariant(constant.data.length === elementCount(constant.dims), `${constant.name} does not fill its shape`);
    this.#constants.set(constant.name, constant);
    return constant.name;
  }

  /** A constant that may be asked for again under the same name. */
  shared(constant: OnnxConstant): string {
    if (!this.#constants.has(constant.name)) this.#constants.set(constant.name, constant);
    return constant.name;
  }

  /** A list of whole numbers; the same list is stored once. */
  ints(values: readonly number[]): string {
    const name = `ints_${values.join('_').replaceAll('-', 'm')}`;
    return this.shared({ name, type: 'int64', dims: [values.length], data: values });
  }

  /** An operator with one output. */
  op(op: string, inputs: readonly string[], options: OperatorOptions = {}): string {
    const output = options.as ?? `${op}_${this.#nodes.length}`;
    this.#push(op, { inputs, outputs: [output], options });
    return output;
  }

  /** An operator with several outputs. */
  ops(op: string, inputs: readonly string[], given: SeveralOutputs): readonly string[] {
    const { count, attributes } = given;
    const outputs = Array.from({ length: count }, (_, i) => `${op}_${this.#nodes.length}_${i}`);
    this.#push(op, { inputs, outputs, options: { attributes } });
    return outputs;
  }

  #push(op: string, node: { inputs: readonly string[]; outputs: readonly string[]; options: OperatorOptions }): void {
    const { attributes = {}, domain = '' } = node.options;
    this.#nodes.push({ op, domain, inputs: node.inputs, outputs: node.outputs, attributes });
  }

  finish(name: string): OnnxGraph {
    const constants = [...this.#constants.values()];
    return { name, inputs: this.#inputs, outputs: this.#outputs, constants, nodes: this.#nodes };
  }
}
