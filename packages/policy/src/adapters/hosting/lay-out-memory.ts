import { type Cells, layOut, putCells, type Scattering } from '../../core/network/scattered-tensor.js';

/** A scattered tensor as it came: without its base when the same one was sent before. */
export interface Arrival {
  readonly name: string;
  readonly size: number;
  readonly base: Scattering | undefined;
  readonly own: Cells;
}

/** Lays scattered tensors out. */
export interface LayOutMemory {
  /** All numbers of the tensor. Throws `RangeError` for a cell outside, an empty pattern, and a base that is not known. */
  layOut(arrival: Arrival): Float32Array;
}

/** New memory for each tensor; knows no base but the one that comes along. */
export const freshMemory: LayOutMemory = Object.freeze({
  layOut({ name, size, base, own }: Arrival) {
    if (base === undefined) throw unknownBase(name);
    const data = layOut(base, new Float32Array(size));
    putCells(own, data);
    return data;
  },
});

const unknownBase = (name: string): RangeError => new RangeError(`${name} stands on a base that is not known here`);

/** One tensor's base, and what lies over it. */
interface Laid {
  readonly data: Float32Array;
  /** The base alone, for when the cells over it go. */
  readonly base: Float32Array;
  /** Where something else than the base may lie. */
  dirty: Int32Array;
}

const NO_CELLS = new Int32Array(0);

/**
 * Keeps each tensor's base laid out, so that the next tensor on it only needs its cells: good where the next call comes
 * after the last one is done with, and {@link wipe} has taken its cells away.
 */
export class ReusedMemory implements LayOutMemory {
  readonly #laid = new Map<string, Laid>();

  layOut({ name, size, base, own }: Arrival): Float32Array {
    const laid = base === undefined ? this.#laid.get(name) : this.#anew(name, size, base);
    if (laid === undefined || laid.data.length !== size || laid.dirty.length > 0) throw unknownBase(name);
    // Before anything is written: cells that end in an error half way are taken away too.
    laid.dirty = own.cells;
    putCells(own, laid.data);
    return laid.data;
  }

  /** To be called when the tensors are done with, while the bytes they were read from are still there. */
  wipe(): void {
    for (const laid of this.#laid.values()) {
      const { data, base, dirty } = laid;
      for (let at = 0; at < dirty.length; at += 1) {
        const cell = dirty[at] as number;
        data[cell] = base[cell] as number;
      }
      laid.dirty = NO_CELLS;
    }
  }

  #anew(name: string, size: number, base: Scattering): Laid {
    const before = this.#laid.get(name);
    // What ends in an error half way is not known afterwards.
    this.#laid.delete(name);
    const fits = before !== undefined && before.data.length === size;
    const memory = fits ? before : { data: new Float32Array(size), base: new Float32Array(size) };
    memory.base.set(layOut(base, memory.data));
    const laid = { ...memory, dirty: NO_CELLS };
    this.#laid.set(name, laid);
    return laid;
  }
}
