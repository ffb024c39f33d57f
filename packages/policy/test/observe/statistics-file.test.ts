import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeNormalizerState,
  encodeNormalizerState,
  POLICY_ERRORS,
  priorNormalizerState,
  STATISTIC_KEYS,
} from '../../src/index.js';
import { packet, seen } from './scene.js';

const state = seen({ packet: packet({ trainingMetrics: { loss: 3 } }) }).statistics;
const text = encodeNormalizerState(state);

describe('normaliser file', () => {
  it('comes back as it went, and equal states give equal text', () => {
    expect(decodeNormalizerState(text)).toEqual({ ok: true, value: state });
    expect(encodeNormalizerState(Object.fromEntries(Object.entries(state).reverse()) as typeof state)).toBe(text);
    expect(text).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    ['nothing', ''],
    ['half a file', text.slice(0, text.length / 2)],
    ['another format', text.replace('normalizer-v1', 'normalizer-v9')],
    ["the prototype's file", '{"loss":{"mean":2.0,"var":0.5}}'],
    ['a missing statistic', text.replace('"global.loss"', '"global.lost"')],
    ['NaN', text.replace(/"mean": [\d.]+/, '"mean": NaN')],
    ['a number beyond double', text.replace(/"mean": [\d.]+/, '"mean": 1e999')],
    ['a variance of 0', text.replace(/"variance": [\d.]+/, '"variance": 0')],
    ['a mean that no feature can have', text.replace(/"mean": [\d.]+/, '"mean": -1e39')],
    ['a variance that no features can have', text.replace(/"variance": [\d.]+/, '"variance": 1e79')],
    ['a text for a number', text.replace(/"mean": [\d.]+/, '"mean": "1"')],
    ['an array', '[]'],
    ['a megabyte', ' '.repeat(1 << 20)],
  ])('PB-22, P-D20: %s is damage with a reason, never a silent reset', (_, damaged) => {
    const outcome = decodeNormalizerState(damaged);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'normalizer_damaged' } });
    if (!outcome.ok) expect(outcome.error.reason).not.toBe('');
    expect(POLICY_ERRORS.normalizer_damaged.next).toMatch(/backup/);
  });

  it('no single changed byte turns a file into other statistics with a broken number', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const outcome = decodeNormalizerState(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1));
        if (!outcome.ok) return;
        for (const key of STATISTIC_KEYS) {
          expect(Number.isFinite(outcome.value[key].mean) && outcome.value[key].variance > 0).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('P-D20: statistics move only in the value that is handed back', () => {
    const before = priorNormalizerState();
    const copy = structuredClone(before);
    const first = seen({ statistics: before });
    expect(before).toEqual(copy);
    expect(seen({ statistics: before }).statistics).toEqual(first.statistics);
  });
});
