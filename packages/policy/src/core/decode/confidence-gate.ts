/**
 * The gate both sides must compute: `sigmoid(k · (top1 − top2 − tau))` over the logits of the policy, in (0, 1). One logit
 * has no rival and opens the gate fully. Logits, k and tau are finite.
 */
export function confidenceGate(logits: readonly number[], gate: { readonly k: number; readonly tau: number }): number {
  const sorted = [...logits].sort((a, b) => b - a);
  const [top, second] = sorted;
  if (top === undefined) throw new RangeError('confidenceGate needs at least one logit');
  if (second === undefined) return 1;
  return 1 / (1 + Math.exp(-gate.k * (top - second - gate.tau)));
}
