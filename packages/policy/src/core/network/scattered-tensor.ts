/** Cells of a tensor that hold something else than its pattern. A cell that stands twice holds the later value. */
export interface Scattering {
  /** Repeated from the first cell to the last. At least one number. */
  readonly pattern: Float32Array;
  /** Where, counted from the first number of the tensor. */
  readonly cells: Int32Array;
  /** What, one number per cell. */
  readonly values: Float32Array;
}

interface ShapedScattering extends Scattering {
  readonly dims: readonly number[];
}

/**
 * A float32 tensor that is a repeated pattern but for some cells, such as a matrix of few edges. It reads like any other
 * tensor: `data` is laid out when somebody asks. A host sends the cells instead, a fifth of the bytes, and the runtime's side
 * lays them out.
 */
export class ScatteredTensor implements ShapedScattering {
  readonly type = 'float32';
  readonly dims: readonly number[];
  readonly pattern: Float32Array;
  readonly cells: Int32Array;
  readonly values: Float32Array;
  #data: Float32Array | undefined;

  constructor({ dims, pattern, cells, values }: ShapedScattering) {
    this.dims = dims;
    this.pattern = pattern;
    this.cells = cells;
    this.values = values;
  }

  get data(): Float32Array {
    this.#data ??= layOut(this, new Float32Array(this.dims.reduce((product, dim) => product * dim, 1)));
    return this.#data;
  }
}

/** Fills all of `into`. Throws `RangeError` for a cell outside, and for an empty pattern. */
export function layOut(from: Scattering, into: Float32Array): Float32Array {
  repeat(from.pattern, into);
  putCells(from, into);
  return into;
}

function repeat(pattern: Float32Array, into: Float32Array): void {
  if (pattern.length === 0) throw new RangeError('no pattern to repeat');
  into.set(pattern.subarray(0, into.length));
  if (pattern.length === 1) into.fill(pattern[0] as number);
  // What is there, doubled until all is filled.
  else for (let done = pattern.length; done < into.length; done *= 2) into.copyWithin(done, 0, done);
}

/** Writes the cells over whatever is there. Throws `RangeError` for a cell outside. */
export function putCells({ cells, values }: Omit<Scattering, 'pattern'>, into: Float32Array): void {
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cells[at] as number;
    if (cell < 0 || cell >= into.length) throw new RangeError(`cell ${cell} of ${into.length}`);
    into[cell] = values[at] as number;
  }
}

const CELL_BYTES = Int32Array.BYTES_PER_ELEMENT + Float32Array.BYTES_PER_ELEMENT;

/** Collects the cells of one tensor. */
export class CellList {
  readonly #cells: Int32Array;
  readonly #values: Float32Array;
  #length = 0;

  /** Room for `most` cells; one more throws `RangeError` when the tensor is made. */
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

  /** All that `other` has. Throws `RangeError` when they do not fit. */
  putAll(other: CellList): void {
    this.#cells.set(other.#cells.subarray(0, other.#length), this.#length);
    this.#values.set(other.#values.subarray(0, other.#length), this.#length);
    this.#length += other.#length;
  }

  tensor(dims: readonly number[], pattern: Float32Array): ScatteredTensor {
    if (this.#length > this.#cells.length)
      throw new RangeError(`${this.#length} cells, room for ${this.#cells.length}`);
    const cells = this.#cells.subarray(0, this.#length);
    return new ScatteredTensor({ dims, pattern, cells, values: this.#values.subarray(0, this.#length) });
  }
}
