import type { EdgeTable } from '../graph/hetero-graph.js';

type EdgeAttributes = readonly [number, number, number];

/** The edges of one relation while they are collected. Attributes beyond the three are zero. */
export class EdgeList {
  readonly #source: number[] = [];
  readonly #target: number[] = [];
  readonly #attributes: number[] = [];

  get length(): number {
    return this.#source.length;
  }

  add(source: number, target: number, [a, b, c]: EdgeAttributes): void {
    this.#source.push(source);
    this.#target.push(target);
    this.#attributes.push(a, b, c);
  }

  /** The same edges the other way round. */
  reversed(): EdgeList {
    const list = new EdgeList();
    list.#source.push(...this.#target);
    list.#target.push(...this.#source);
    list.#attributes.push(...this.#attributes);
    return list;
  }

  table(attributeWidth: number): EdgeTable {
    const count = this.length;
    const attributes = new Float32Array(count * attributeWidth);
    for (let edge = 0; edge < count; edge++) {
      for (let channel = 0; channel < 3; channel++) {
        attributes[edge * attributeWidth + channel] = this.#attributes[edge * 3 + channel] as number;
      }
    }
    return {
      source: Int32Array.from(this.#source),
      target: Int32Array.from(this.#target),
      attributeWidth,
      attributes,
    };
  }
}
