/** The policy's own view of the danger. */
export interface RiskEstimate {
  /** Most likely class, safest first; ties go to the safer one. */
  readonly index: number;
  /** Expected severity Σ p·k/(K−1), 0 (certainly safest) to 1 (certainly worst). Not the certainty of the prediction (D-29g). */
  readonly score: number;
  /** Probability of each class; sums to 1. */
  readonly distribution: readonly number[];
}

/** Softmax in float64 over at least two finite logits, then the expectation. */
export function riskEstimate(logits: ArrayLike<number>): RiskEstimate {
  let peak = 0;
  for (let k = 1; k < logits.length; k++) if ((logits[k] as number) > (logits[peak] as number)) peak = k;
  const weights: number[] = [];
  for (let k = 0; k < logits.length; k++) weights.push(Math.exp((logits[k] as number) - (logits[peak] as number)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const distribution = weights.map((weight) => weight / total);
  const score = distribution.reduce((sum, p, k) => sum + (p * k) / (logits.length - 1), 0);
  return { index: peak, score: Math.min(1, score), distribution };
}
