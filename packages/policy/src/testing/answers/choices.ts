import type { NetworkOutputs } from '../../core/network/outputs.js';

/** Below this gap between the best and the second value, either choice is right. */
const GAP_MIN = 1e-3;

/** Every choice that a command is made from, as the values it is made over. */
export const choices = (outputs: NetworkOutputs): readonly Float32Array[] => [
  outputs.policyLogits,
  outputs.blendingLogits,
  outputs.riskLogits,
  outputs.seedScores,
  outputs.blueprintScores,
];

/** How often two answers choose alike; `close` choices are not judged. */
export interface ChoiceTally {
  readonly same: number;
  readonly differing: number;
  readonly close: number;
}

export const NO_CHOICES: ChoiceTally = { same: 0, differing: 0, close: 0 };

function bestAndGap(values: Float32Array): { readonly best: number; readonly gap: number } {
  const [first = 0, second = Number.NEGATIVE_INFINITY] = values.toSorted().reverse();
  return { best: values.indexOf(first), gap: first - second };
}

/** Adds the choices of two answers to a tally. An empty list (no seeds) is no choice. */
export function agreementOf(
  expected: readonly Float32Array[],
  actual: readonly Float32Array[],
  before: ChoiceTally,
): ChoiceTally {
  let { same, differing, close } = before;
  for (const [i, values] of expected.entries()) {
    if (values.length === 0) continue;
    const { best, gap } = bestAndGap(values);
    if (gap <= GAP_MIN) close += 1;
    else if (bestAndGap(actual[i] as Float32Array).best === best) same += 1;
    else differing += 1;
  }
  return { same, differing, close };
}
