/** Where the largest of some numbers stands. */
export interface Best {
  readonly index: number;
  readonly value: number;
  /** Largest minus second largest; `Infinity` when there is only one. */
  readonly gap: number;
}

/** The first largest among those `admits` lets through; `undefined` when it lets none. Values must be finite. */
export function argMax(values: ArrayLike<number>, admits: (index: number) => boolean = () => true): Best | undefined {
  let index = -1;
  let value = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let candidate = 0; candidate < values.length; candidate++) {
    if (!admits(candidate)) continue;
    const score = values[candidate] as number;
    if (index < 0 || score > value) {
      second = value;
      value = score;
      index = candidate;
    } else if (score > second) second = score;
  }
  return index < 0 ? undefined : { index, value, gap: value - second };
}
