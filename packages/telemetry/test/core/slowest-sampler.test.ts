import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { slowestSampler } from '../../src/core/slowest-sampler.js';

describe('the slowest in a hundred', () => {
  it.each([1, 2, 3])(
    'seed %d: of a steady stream about one in a hundred is picked, and all of them are slow',
    (seed) => {
      const random = new SeededRandom(seed);
      const sampler = slowestSampler(0.01, 1000);
      const picked: number[] = [];
      const latencies = Array.from({ length: 20_000 }, () => random.fraction() ** 3 * 100);
      for (const latency of latencies) if (sampler.isSlow(latency)) picked.push(latency);
      expect(picked.length / latencies.length).toBeGreaterThan(0.007);
      expect(picked.length / latencies.length).toBeLessThan(0.014);
      const settled = [...latencies].sort((a, b) => a - b)[Math.floor(latencies.length * 0.975)] as number;
      expect(picked.slice(20).every((latency) => latency > settled)).toBe(true);
    },
  );

  it('equals a naive count over the same window', () => {
    const random = new SeededRandom(4);
    const sampler = slowestSampler(0.1, 20);
    const before: number[] = [];
    for (let i = 0; i < 2000; i += 1) {
      const latency = random.int(0, 30);
      const window = before.slice(-20).sort((a, b) => b - a);
      const limit = window[Math.max(1, Math.floor(window.length * 0.1)) - 1] ?? Number.NEGATIVE_INFINITY;
      expect(sampler.isSlow(latency), `value ${i}`).toBe(latency > limit);
      before.push(latency);
    }
  });

  it('what is no number is not slow, and is not remembered', () => {
    const sampler = slowestSampler(0.01, 10);
    expect(sampler.isSlow(Number.NaN)).toBe(false);
    expect(sampler.isSlow(Number.POSITIVE_INFINITY)).toBe(false);
    expect(sampler.isSlow(1)).toBe(true);
    expect(sampler.isSlow(1)).toBe(false);
  });
});
