import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerIndex } from '../../src/decision/answer-index.js';
import { answerKey } from '../../src/decision/answer-key.js';

/** The same, as plainly as it can be said. */
class NaiveIndex {
  #entries: { key: string; logSequence: number; atMs: number }[] = [];
  readonly options: { readonly keepMs: number; readonly countMax: number };

  constructor(options: { readonly keepMs: number; readonly countMax: number }) {
    this.options = options;
  }

  keep(run: string, packet: string, answer: { logSequence: number; atMs: number }): void {
    const key = `${run}/${packet}`;
    const known = this.#entries.find((entry) => entry.key === key);
    if (known !== undefined) Object.assign(known, answer);
    else this.#entries.push({ key, ...answer });
  }

  find(run: string, packet: string, nowMs: number) {
    const found = this.#entries.find((entry) => entry.key === `${run}/${packet}`);
    if (found === undefined) return { kind: 'unknown' };
    if (nowMs - found.atMs >= this.options.keepMs) return { kind: 'expired' };
    return { kind: 'answered', logSequence: found.logSequence };
  }

  get count(): number {
    return this.#entries.length;
  }
}

describe('answer index', () => {
  it('answers as a plain list does, as long as there is room', () => {
    const step = fc.record({
      run: fc.integer({ min: 0, max: 3 }),
      packet: fc.integer({ min: 0, max: 12 }),
      find: fc.boolean(),
      atMs: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const options = { keepMs: 100, countMax: 64 };
        const ours = new AnswerIndex(options);
        const naive = new NaiveIndex(options);
        steps.forEach(({ run, packet, find, atMs }, at) => {
          const [runId, packetId] = [`run-${run}`, `packet-${packet}`];
          if (find) expect(ours.find(runId, packetId, atMs)).toEqual(naive.find(runId, packetId, atMs));
          else {
            ours.keep(runId, packetId, { logSequence: at + 1, atMs });
            naive.keep(runId, packetId, { logSequence: at + 1, atMs });
          }
        });
        expect(naive.count).toBeLessThanOrEqual(64);
      }),
      { numRuns: 300 },
    );
  });

  it('remembers exactly the last so many, however many went before', () => {
    const index = new AnswerIndex({ keepMs: 1_000, countMax: 50 });
    for (let at = 1; at <= 5_000; at += 1) {
      index.keep('run', `packet-${at}`, { logSequence: at, atMs: 0 });
      expect(index.find('run', `packet-${Math.max(1, at - 49)}`, 1)).toEqual({
        kind: 'answered',
        logSequence: Math.max(1, at - 49),
      });
      if (at > 50) expect(index.find('run', `packet-${at - 50}`, 1)).toEqual({ kind: 'unknown' });
    }
  });

  it('run and packet id are not mixed up at their border', () => {
    expect(answerKey('ab', 'c')).not.toBe(answerKey('a', 'bc'));
    expect(answerKey('', 'abc')).not.toBe(answerKey('abc', ''));
    expect(Number.isSafeInteger(answerKey('run-1', 'packet-1'))).toBe(true);
  });

  it('a hundred thousand different packets have different keys', () => {
    const keys = new Set<number>();
    for (let run = 0; run < 100; run += 1) {
      for (let step = 0; step < 1_000; step += 1) keys.add(answerKey(`run-${run}`, `run-${run}-step-${step}`));
    }
    expect(keys.size).toBe(100_000);
  });
});
