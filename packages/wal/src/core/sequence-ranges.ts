/** Sequences from `first` to `last`, both included; empty when `last < first`. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

/** What of `range` no member of `covers` contains, in rising order. `covers` may overlap and be in any order. */
export function uncovered(range: SequenceRange, covers: readonly SequenceRange[]): readonly SequenceRange[] {
  const sorted = covers.filter((cover) => cover.last >= cover.first).sort((a, b) => a.first - b.first);
  const open: SequenceRange[] = [];
  let next = range.first;
  for (const cover of sorted) {
    if (next > range.last) break;
    if (cover.first > next) open.push({ first: next, last: Math.min(cover.first - 1, range.last) });
    next = Math.max(next, cover.last + 1);
  }
  if (next <= range.last) open.push({ first: next, last: range.last });
  return open;
}
