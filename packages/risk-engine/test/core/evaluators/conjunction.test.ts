import { describe, expect, it } from 'vitest';
import { both, type Certainty, certainty } from '../../../src/core/evaluators/conjunction.js';

describe('conditions on two readings', () => {
  it('a value decides, an unknown one leaves it open, an absent one accuses nobody', () => {
    const above = (value: number) => value > 1;
    expect(certainty({ kind: 'value', value: 2 }, above)).toBe('yes');
    expect(certainty({ kind: 'value', value: 1 }, above)).toBe('no');
    expect(certainty({ kind: 'unknown', problem: 'nan' }, above)).toBe('perhaps');
    expect(certainty({ kind: 'absent', seen: true }, above)).toBe('no');
  });

  it('together: one "surely not" decides, two "surely" are needed', () => {
    const table: readonly (readonly [Certainty, Certainty, Certainty])[] = [
      ['yes', 'yes', 'yes'],
      ['yes', 'perhaps', 'perhaps'],
      ['perhaps', 'yes', 'perhaps'],
      ['perhaps', 'perhaps', 'perhaps'],
      ['no', 'yes', 'no'],
      ['yes', 'no', 'no'],
      ['no', 'perhaps', 'no'],
      ['perhaps', 'no', 'no'],
      ['no', 'no', 'no'],
    ];
    for (const [a, b, expected] of table) expect(both(a, b)).toBe(expected);
  });
});
