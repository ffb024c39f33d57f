import type { EdgeTable } from '../graph/hetero-graph.js';

type EdgeAttributes = readonly [number, number, number];

/** The edges of one relation while they are collected. Attributes beyond the three are zero. */
export class EdgeList {
  readonly #attributeWidth: number;
  #source: Int32Array;
  #target: Int32Array;
  #attributes: Float32Array;
  #length = 0;

  /** `expected` is a guess at the number of edges; more find room all the same. */
  constructor(attributeWidth: number, expected: number) {
    this.#attributeWidth = attributeWidth;
    this.#source = new Int32Array(expected);
    this.#target = new Int32Array(expected);
    this.#attributes = new Float32Array(expected * attributeWidth);
  }

  get length(): number {
    return this.#length;
  }

  add(source: number, target: number, [a, b, c]: EdgeAttributes): void {
    if (this.#length === this.#source.length) this.#grow();
    const edge = this.#length++;
    const at = edge * this.#attributeWidth;
    this.#source[edge] = source;
    this.#target[edge] = target;
    this.#attributes[at] = a;
    this.#attributes[at + 1] = b;
    this.#attributes[at + 2] = c;
  }

  /** The edges so far. Nothing may be added afterwards: the table is not a copy. */
  table(): EdgeTable {
    const [source, target, attributes] = [this.#source, this.#target, this.#attributes];
    const [length, attributeWidth] = [this.#length, this.#attributeWidth];
    if (length === source.length) return { source, target, attributeWidth, attributes };
    return {
      source: source.subarray(0, length),
      target: target.subarray(0, length),
      attributeWidth,
      attributes: attributes.subarray(0, length * attributeWidth),
    };
  }

  #grow(): void {
    const capacity = 2 * this.#source.length + 8;
    this.#source = enlarged(this.#source, new Int32Array(capacity));
    this.#target = enlarged(this.#target, new Int32Array(capacity));
    this.#attributes = enlarged(this.#attributes, new Float32Array(capacity * this.#attributeWidth));
  }
}

function enlarged<Numbers extends Int32Array | Float32Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}

/** The same edges the other way round. Both tables share their arrays, which nobody writes to. */
export const turned = ({ source, target, attributeWidth, attributes }: EdgeTable): EdgeTable => ({
  source: target,
  target: source,
  attributeWidth,
  attributes,
});
