import type { BlendChoice } from './blend-mode.js';
import type { BlendConfig } from './decode-config.js';
import { fixedDecimal } from './fixed-decimal.js';

/** The text annotations of a blend. Only the keys of its own mode are there (BL-08). */
export function blendAnnotations(
  choice: BlendChoice,
  { gateK, gateTau, alphaLo, alphaHi }: BlendConfig,
): Readonly<Record<string, string>> {
  const { mode, source, confidenceLogits, alphaVec } = choice;
  return {
    blend_mode: mode,
    blend_mode_source: source,
    ...(confidenceLogits === undefined
      ? {}
      : {
          gate_k: fixedDecimal(gateK, 4),
          gate_tau: fixedDecimal(gateTau, 4),
          alpha_lo: fixedDecimal(alphaLo, 4),
          alpha_hi: fixedDecimal(alphaHi, 4),
          confidence_logits_required: 'true',
          confidence_logits: JSON.stringify(confidenceLogits),
        }),
    ...(alphaVec === undefined ? {} : { alpha_vec: JSON.stringify(alphaVec), alpha_vec_len: String(alphaVec.length) }),
  };
}
