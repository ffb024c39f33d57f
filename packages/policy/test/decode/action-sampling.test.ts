import { describe, expect, it } from 'vitest';
import { withSampledAction } from '../../src/core/decode/action-sampling.js';
import type { NetworkOutputs } from '../../src/core/network/outputs.js';

const outputsOf = (probabilities: readonly number[]): NetworkOutputs => {
  const policyLogits = new Float32Array(32).fill(Math.log(1e-6));
  probabilities.forEach((p, index) => {
    policyLogits[index] = Math.log(p);
  });
  const none = new Float32Array(0);
  return {
    policyLogits,
    blendingLogits: none,
    riskLogits: none,
    value: 0,
    breakerLogits: none,
    policyParams: none,
    schedule: none,
    graphEmbedding: none,
    seedScores: none,
    blueprintScores: none,
  };
};
const best = (logits: Float32Array) => logits.slice(0, 5).indexOf(Math.max(...logits.slice(0, 5)));

describe('sampled action of an untrained network', () => {
  it('P-D6: an untrained network proposes the stated mix, not one action for ever', () => {
    const outputs = outputsOf([0.25, 0.6, 0.15]);
    const counts = [0, 0, 0, 0, 0];
    for (let packet = 0; packet < 4_000; packet += 1) {
      const action = best(withSampledAction(outputs, `bundle/run-1-step-${packet}`).policyLogits);
      counts[action] = (counts[action] ?? 0) + 1;
    }
    const shares = counts.map((count) => count / 4_000);
    expect(shares[0]).toBeCloseTo(0.25, 1);
    expect(shares[1]).toBeCloseTo(0.6, 1);
    expect(shares[2]).toBeCloseTo(0.15, 1);
    expect(shares[3]).toBeLessThan(0.01);
  });

  it('is a function of its key, leaves its input and the classes without a meaning alone, and stays finite', () => {
    const outputs = outputsOf([0.5, 0.5]);
    const before = [...outputs.policyLogits];
    const once = withSampledAction(outputs, 'a');
    expect([...withSampledAction(outputs, 'a').policyLogits]).toEqual([...once.policyLogits]);
    expect([...withSampledAction(outputs, 'b').policyLogits]).not.toEqual([...once.policyLogits]);
    expect([...outputs.policyLogits]).toEqual(before);
    expect([...once.policyLogits.slice(5)]).toEqual(before.slice(5));
    expect(once.policyLogits.every(Number.isFinite)).toBe(true);
  });
});
