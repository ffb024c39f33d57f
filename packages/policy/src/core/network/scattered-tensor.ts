/** Cells of a tensor, and what they hold. A cell that stands twice holds the later value. */
export interface Cells {
  /** Where, counted from the first number of the tensor. */
  readonly cells: Int32Array;
  /** What, one number per cell. */
  readonly values: Float32Array;
}

/** A tensor that is a pattern but for some cells. */
export interface Scattering extends Cells {
  /** Repeated from the first cell to the last. At least one number. */
  readonly pattern: Float32Array;
}

/**
 * A float32 tensor that is a repeated pattern but for some cells, such as a matrix of few edges. It reads like any other
 * tensor: `data` is laid out when somebody asks. A host sends the cells instead, a fifth of the bytes, and the runtime's side
 * lays them out.
 */
export class ScatteredTensor {
  readonly type = 'float32';
  readonly dims: readonly number[];
  readonly pattern: Float32Array;
  /** One behind the other: what many tensors share is not copied into each. */
  readonly parts: readonly Cells[];
  #data: Float32Array | undefined;

  constructor({ dims, pattern, parts }: Pick<ScatteredTensor, 'dims' | 'pattern' | 'parts'>) {
    this.dims = dims;
    this.pattern = pattern;
    this.parts = parts;
  }

  /** How many cells there are in all parts. */
  get cellCount(): number {
    let count = 0;
    for (let at = 0; at < this.parts.length; at += 1) count += (this.parts[at] as Cells).cells.length;
    return count;
  }

  get data(): Float32Array {
    this.#data ??= this.#layOut();
    return this.#data;
  }

  #layOut(): Float32Array {
    const data = new Float32Array(this.dims.reduce((product, dim) => product * dim, 1));
    repeat(this.pattern, data);
    for (const part of this.parts) putCells(part, data);
    return data;
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
export function putCells({ cells, values }: Cells, into: Float32Array): void {
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
