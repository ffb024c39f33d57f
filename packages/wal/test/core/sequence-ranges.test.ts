import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SequenceRange, uncovered } from '../../src/core/sequence-ranges.js';

const members = (ranges: readonly SequenceRange[]): number[] =>
  ranges.flatMap(({ first, last }) => Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at));

describe('uncovered', () => {
  it('agrees with sets of numbers', () => {
    const range = fc.record({ first: fc.nat({ max: 12 }), last: fc.nat({ max: 12 }) });
    fc.assert(
      fc.property(range, fc.array(range, { maxLength: 5 }), (whole, covers) => {
        const covered = new Set(members(covers));
        expect(members(uncovered(whole, covers))).toEqual(members([whole]).filter((one) => !covered.has(one)));
      }),
    );
  });
});
