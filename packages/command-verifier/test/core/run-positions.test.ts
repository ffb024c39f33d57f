import { monoMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { RunPositions } from '../../src/core/run-positions.js';

const at = (trainingRunId: string, sequence: number) => ({
  trainingRunId,
  sequence,
  issuerEpoch: 1,
  issuedAtMs: 0,
});

describe('positions of runs', () => {
  it('keep what the journal promised through every command after the start', () => {
    const positions = new RunPositions(4, [['run-1', { issuerEpoch: 1, sequenceBelow: 100 }]]);
    for (const sequence of [10, 11]) positions.advance(at('run-1', sequence), monoMs(0));
    expect(positions.provesNew(at('run-1', 99))).toBe(false);
    expect(positions.provesNew(at('run-1', 100))).toBe(true);
  });

  it('look at eight runs for one that may be forgotten, then at the next eight', () => {
    const positions = new RunPositions(10, []);
    for (let n = 0; n < 8; n++) positions.advance(at(`busy-${n}`, 1), monoMs(1000));
    for (let n = 0; n < 2; n++) positions.advance(at(`idle-${n}`, 1), monoMs(0));
    expect(positions.makeRoom('new', monoMs(1000), 500)).toBe(false);
    expect(positions.size).toBe(10);
    expect(positions.makeRoom('new', monoMs(1000), 500)).toBe(true);
    expect(positions.size).toBe(9);
  });

  it('need no room for a run that is known, nor while there is some', () => {
    const positions = new RunPositions(2, []);
    positions.advance(at('a', 1), monoMs(0));
    expect(positions.makeRoom('b', monoMs(0), 500)).toBe(true);
    positions.advance(at('b', 1), monoMs(0));
    expect(positions.makeRoom('a', monoMs(0), 500)).toBe(true);
    expect(positions.makeRoom('c', monoMs(0), 500)).toBe(false);
  });
});
