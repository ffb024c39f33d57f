import { type Cells, exchangeCells, layOut, NO_CELLS, type Scattering } from '../../core/network/scattered-tensor.js';

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
  readonly shared: Cells;
  /** Where something else than the pattern and the shared cells may lie; `undefined` when nothing is known. */
  cells: Int32Array | undefined;
  /** What was in each of those cells, at least. */
  was: Float32Array;
}

/**
 * Gives each tensor the memory it had last time: good where the next call comes after the last one is done with. Between
 * two calls {@link wipe} takes a tensor's own cells out, so that the next one of the same pattern and the very same shared
 * cells only needs its own.
 */
export class ReusedMemory implements LayOutMemory {
  readonly #laid = new Map<string, Laid>();

  layOut(name: string, size: number, from: Scattering): Float32Array {
    const known = this.#laid.get(name);
    const laid = known !== undefined && isBlank(known, size, from) ? known : this.#anew(name, size, from);
    const { own } = from;
    if (laid.was.length < own.cells.length) laid.was = new Float32Array(own.cells.length);
    laid.cells = undefined;
    exchangeCells(own, laid.data, laid.was);
    laid.cells = own.cells;
    return laid.data;
  }

  /** To be called when the tensors are done with, while the bytes they were read from are still there. */
  wipe(): void {
    for (const laid of this.#laid.values()) {
      if (laid.cells === undefined) continue;
      takeOut(laid.cells, laid);
      laid.cells = NO_CELLS.cells;
    }
  }

  #anew(name: string, size: number, { pattern, shared }: Scattering): Laid {
    const data = layOut({ pattern, shared, own: NO_CELLS }, new Float32Array(size));
    const laid = { data, pattern: pattern.slice(), shared, cells: NO_CELLS.cells, was: new Float32Array(0) };
    this.#laid.set(name, laid);
    return laid;
  }
}

function isBlank({ data, pattern, shared, cells }: Laid, size: number, wanted: Scattering): boolean {
  if (cells === undefined || cells.length > 0 || shared !== wanted.shared) return false;
  if (data.length !== size || pattern.length !== wanted.pattern.length) return false;
  for (let at = 0; at < pattern.length; at += 1) if (!Object.is(pattern[at], wanted.pattern[at])) return false;
  return true;
}

/** Backwards: of a cell that stands twice, what was there first is put back last. */
function takeOut(cells: Int32Array, { data, was }: Laid): void {
  for (let at = cells.length - 1; at >= 0; at -= 1) data[cells[at] as number] = was[at] as number;
}
