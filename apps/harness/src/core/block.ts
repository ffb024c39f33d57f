import { affine, affineInputGradient, affineWeightGradient, biasGradient, rectify, rectifyGradient } from './affine.js';

/** The weights of one grafted residual block: width → rank → width. */
export const BLOCK_PARAMETERS = ['down.weight', 'down.bias', 'up.weight', 'up.bias'] as const;
export type BlockParameterName = (typeof BLOCK_PARAMETERS)[number];
export type BlockParameters = Readonly<Record<BlockParameterName, Float64Array>>;

/**
 * A block in place. `correction` is g(h) = up(rectify(down(h))). With the gain a, per channel:
 * - `convex`: out = (1 − a)·h + a·rectify(h + g(h)); the block's output takes the host's place;
 * - `residual`: out = h + a·g(h); the block adds to the host.
 * Both are the identity at gain 0 and continuous in the gain.
 */
export interface Graft {
  readonly mixing: 'convex' | 'residual';
  readonly rank: number;
  readonly weights: BlockParameters;
  /** Alpha times the blend mode's factor, per channel, 0 to 1. */
  readonly gain: Float64Array;
}

/** What the backward pass needs to remember. */
export interface GraftTrace {
  readonly input: Float64Array;
  readonly hidden: Float64Array;
  readonly correction: Float64Array;
  readonly output: Float64Array;
}

/** Runs `graft` on `input` (rows×width). */
export function graftForward(graft: Graft, input: Float64Array, rows: number): GraftTrace {
  const width = graft.gain.length;
  const { weights, rank } = graft;
  const down = { x: input, w: weights['down.weight'], bias: weights['down.bias'] };
  const hidden = rectify(affine(down, { rows, inner: width, cols: rank }));
  const up = { x: hidden, w: weights['up.weight'], bias: weights['up.bias'] };
  const correction = affine(up, { rows, inner: rank, cols: width });
  const output = input.map((h, at) => mix(graft, at % width, { h, g: correction[at] as number }));
  return { input, hidden, correction, output };
}

function mix(graft: Graft, channel: number, { h, g }: { readonly h: number; readonly g: number }): number {
  const gain = graft.gain[channel] as number;
  if (graft.mixing === 'residual') return h + gain * g;
  const sum = h + g;
  return (1 - gain) * h + gain * Math.max(0, sum);
}

/** The gradients of {@link graftForward}: with respect to its weights and to its input. */
export function graftBackward(
  graft: Graft,
  trace: GraftTrace,
  outputGradient: Float64Array,
): { readonly weights: BlockParameters; readonly input: Float64Array } {
  const width = graft.gain.length;
  const rows = outputGradient.length / width;
  const { weights, rank } = graft;
  const correctionGradient = outputGradient.map((dy, at) => {
    const flows = graft.mixing === 'residual' || !((trace.input[at] as number) + (trace.correction[at] as number) <= 0);
    return flows ? (graft.gain[at % width] as number) * dy : 0;
  });
  const up = { rows, inner: rank, cols: width };
  const hiddenGradient = rectifyGradient(
    affineInputGradient(correctionGradient, weights['up.weight'], up),
    trace.hidden,
  );
  const down = { rows, inner: width, cols: rank };
  const throughBlock = affineInputGradient(hiddenGradient, weights['down.weight'], down);
  const input = outputGradient.map((dy, at) => {
    const direct =
      graft.mixing === 'residual'
        ? dy
        : (1 - (graft.gain[at % width] as number)) * dy + (correctionGradient[at] as number);
    return direct + (throughBlock[at] as number);
  });
  return {
    weights: {
      'down.weight': affineWeightGradient(trace.input, hiddenGradient, down),
      'down.bias': biasGradient(hiddenGradient, rank),
      'up.weight': affineWeightGradient(trace.hidden, correctionGradient, up),
      'up.bias': biasGradient(correctionGradient, width),
    },
    input,
  };
}
