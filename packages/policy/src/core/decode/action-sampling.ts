import type { NetworkOutputs } from '../network/outputs.js';
import { ACTIONS } from './actions.js';

/**
 * Outputs whose largest action logit is a draw from the distribution the logits state, for networks that have learnt nothing:
 * their logits are the same for every packet, so that the best of them would be one action for ever. Gumbel-max: noise
 * −ln(−ln u) is added to the logit of each action that has a meaning; the largest sum is a sample of the softmax. The noise is
 * a function of `key` alone (packet and policy, for example), so that the choice can be replayed.
 */
export function withSampledAction(outputs: NetworkOutputs, key: string): NetworkOutputs {
  const next = uniformStream(key);
  const policyLogits = outputs.policyLogits.map((logit, index) =>
    index < ACTIONS.length ? logit - Math.log(-Math.log(next())) : logit,
  );
  return { ...outputs, policyLogits };
}

/** Numbers in (0, 1) from a text: FNV-1a over its UTF-8 bytes, then splitmix32. */
function uniformStream(key: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (((z ^ (z >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  };
}
