/** Cells of a tensor, and what they hold. A cell that stands twice holds the later value. */
export interface Cells {
  /** Where, counted from the first number of the tensor. */
  readonly cells: Int32Array;
  /** What, one number per cell. */
  readonly values: Float32Array;
}

export const NO_CELLS: Cells = Object.freeze({ cells: new Int32Array(0), values: new Float32Array(0) });

/** What is in a tensor that is a pattern but for some cells. */
export interface Scattering {
  /** Repeated from the first cell to the last. At least one number. */
  readonly pattern: Float32Array;
  /** Cells that many tensors have in common, as one object that nobody writes to: whoever has seen it knows it again. */
  readonly shared: Cells;
  /** The others. They are later than the shared ones. */
  readonly own: Cells;
}

/**
 * A float32 tensor that is a repeated pattern but for some cells, such as a matrix of few edges. It reads like any other
 * tensor: `data` is laid out when somebody asks. A host sends the cells instead, a fifth of the bytes, and the shared ones
 * once; the runtime's side lays them out.
 */
export class ScatteredTensor implements Scattering {
  readonly type = 'float32';
  readonly dims: readonly number[];
  readonly pattern: Float32Array;
  readonly shared: Cells;
  readonly own: Cells;
  #data: Float32Array | undefined;

  constructor({ dims, pattern, shared, own }: Scattering & { readonly dims: readonly number[] }) {
    this.dims = dims;
    this.pattern = pattern;
    this.shared = shared;
    this.own = own;
  }

  get data(): Float32Array {
    this.#data ??= layOut(this, new Float32Array(this.dims.reduce((product, dim) => product * dim, 1)));
    return this.#data;
  }
}

/** Fills all of `into`. Throws `RangeError` for a cell outside, and for an empty pattern. */
export function layOut({ pattern, shared, own }: Scattering, into: Float32Array): Float32Array {
  repeat(pattern, into);
  putCells(shared, into);
  putCells(own, into);
  return into;
}

function repeat(pattern: Float32Array, into: Float32Array): void {
  if (pattern.length === 0) throw new RangeError('no pattern to repeat');
  into.set(pattern.subarray(0, into.length));
  if (pattern.length === 1) into.fill(pattern[0] as number);
  // What is there, doubled until all is filled.
  else for (let done = pattern.length; done < into.length; done *= 2) into.copyWithin(done, 0, done);
}

function putCells({ cells, values }: Cells, into: Float32Array): void {
  for (let at = 0; at < cells.length; at += 1) into[cellOf(cells, at, into)] = values[at] as number;
}

/** Writes the cells over whatever is there, which goes to `was`. Throws `RangeError` for a cell outside. */
export function exchangeCells({ cells, values }: Cells, into: Float32Array, was: Float32Array): void {
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cellOf(cells, at, into);
    was[at] = into[cell] as number;
    into[cell] = values[at] as number;
  }
}

function cellOf(cells: Int32Array, at: number, { length }: Float32Array): number {
  const cell = cells[at] as number;
  if (cell < 0 || cell >= length) throw new RangeError(`cell ${cell} of ${length}`);
  return cell;
}

const CELL_BYTES = Int32Array.BYTES_PER_ELEMENT + Float32Array.BYTES_PER_ELEMENT;

/** Collects the cells of one tensor. */
export class CellList {
  readonly #cells: Int32Array;
  readonly #values: Float32Array;
  #length = 0;

  /** Room for `most` cells; one more makes {@link part} throw. */
  constructor(most: number) {
    const memory = new ArrayBuffer(most * CELL_BYTES);
    this.#cells = new Int32Array(memory, 0, most);
    this.#values = new Float32Array(memory, most * Int32Array.BYTES_PER_ELEMENT, most);
  }

  put(cell: number, value: number): void {
    this.#cells[this.#length] = cell;
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** Those so far, without a copy. Throws `RangeError` when there was no room for all. */
  part(): Cells {
    if (this.#length > this.#cells.length)
      throw new RangeError(`${this.#length} cells, room for ${this.#cells.length}`);
    return { cells: this.#cells.subarray(0, this.#length), values: this.#values.subarray(0, this.#length) };
  }
}
