import { layOut, putCells, type Scattering } from '../../core/network/scattered-tensor.js';

/** Lays scattered tensors out. */
export interface LayOutMemory {
  /** All `size` numbers of the tensor `name`. Throws `RangeError` for a cell outside, and for an empty pattern. */
  layOut(name: string, size: number, from: Scattering): Float32Array;
}

/** New memory for each tensor. */
export const freshMemory: LayOutMemory = Object.freeze({
  layOut: (_: string, size: number, from: Scattering) => layOut(from, new Float32Array(size)),
});

/** What lies where a tensor was laid out. */
interface Laid {
  readonly data: Float32Array;
  readonly pattern: Float32Array;
  /** Where something else than the pattern may lie; `undefined` when nothing is known. */
  cells: Int32Array | undefined;
}

const NO_CELLS = new Int32Array(0);

/**
 * Gives each tensor the memory it had last time: good where the next call comes after the last one is done with. Between
 * two calls {@link wipe} puts the pattern back, so that a tensor of the same shape only needs its cells.
 */
export class ReusedMemory implements LayOutMemory {
  readonly #laid = new Map<string, Laid>();

  layOut(name: string, size: number, from: Scattering): Float32Array {
    const known = this.#laid.get(name);
    const laid = known !== undefined && isBlank(known, size, from.pattern) ? known : this.#anew(name, size, from);
    laid.cells = undefined;
    putCells(from, laid.data);
    laid.cells = from.cells;
    return laid.data;
  }

  /** To be called when the tensors are done with, while the bytes they were read from are still there. */
  wipe(): void {
    for (const laid of this.#laid.values()) {
      if (laid.cells === undefined) continue;
      restore(laid.data, laid.pattern, laid.cells);
      laid.cells = NO_CELLS;
    }
  }

  #anew(name: string, size: number, { pattern }: Scattering): Laid {
    const data = layOut({ pattern, cells: NO_CELLS, values: new Float32Array(0) }, new Float32Array(size));
    const laid = { data, pattern: pattern.slice(), cells: NO_CELLS };
    this.#laid.set(name, laid);
    return laid;
  }
}

function isBlank({ data, pattern, cells }: Laid, size: number, wanted: Float32Array): boolean {
  if (cells === undefined || cells.length > 0 || data.length !== size || pattern.length !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at += 1) if (!Object.is(pattern[at], wanted[at])) return false;
  return true;
}

function restore(data: Float32Array, pattern: Float32Array, cells: Int32Array): void {
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cells[at] as number;
    data[cell] = pattern[cell % pattern.length] as number;
  }
}
