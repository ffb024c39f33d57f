import type { BlendMode } from '@esper/leyline';
import { assertNever, err, ok, type Result } from '@esper/std';
import type { RefusalCode } from '../errors.js';

/** The gate of the CONFIDENCE mode: sigmoid(k·(top1 − top2 − tau)) over the policy's logits, scaled to [lo, hi]. */
export interface ConfidenceGate {
  readonly k: number;
  readonly tau: number;
  readonly alphaLo: number;
  readonly alphaHi: number;
  /** The policy's own logits, as sent with the command; one or more, finite. */
  readonly logits: readonly number[];
}

/** A blend mode with everything it needs. */
export type BlendChoice =
  | { readonly mode: 'CONVEX' | 'RESIDUAL' }
  | { readonly mode: 'CHANNEL'; readonly alphaVec: readonly number[] }
  | { readonly mode: 'CONFIDENCE'; readonly gate: ConfidenceGate };

/** The most entries an `alpha_vec` or `confidence_logits` may have. */
const BLEND_VECTOR_MAX = 64;

/** How a choice acts on a layer: what alpha is multiplied with per channel, and how outputs are mixed. */
export interface BlendFactors {
  readonly mixing: 'convex' | 'residual';
  /** 0 to 1 per channel. */
  readonly factors: Float64Array;
}

/** The factors of `choice` for a layer of `width` channels. Refused when a channel vector has another length. */
export function blendFactors(choice: BlendChoice, width: number): Result<BlendFactors, RefusalCode> {
  switch (choice.mode) {
    case 'CONVEX':
      return ok({ mixing: 'convex', factors: new Float64Array(width).fill(1) });
    case 'RESIDUAL':
      return ok({ mixing: 'residual', factors: new Float64Array(width).fill(1) });
    case 'CHANNEL':
      return choice.alphaVec.length === width
        ? ok({ mixing: 'convex', factors: Float64Array.from(choice.alphaVec) })
        : err('alpha_vec_length_mismatch');
    case 'CONFIDENCE':
      return ok({ mixing: 'convex', factors: new Float64Array(width).fill(confidenceFactor(choice.gate)) });
    default:
      return assertNever(choice, 'blend choice');
  }
}

/** Between alphaLo and alphaHi: how far the best logit is ahead of the second. */
export function confidenceFactor({ k, tau, alphaLo, alphaHi, logits }: ConfidenceGate): number {
  const [top1 = 0, top2] = [...logits].sort((a, b) => b - a);
  // One logit has no rival: the gate is fully open, as on the policy's side.
  const gate = top2 === undefined ? 1 : 1 / (1 + Math.exp(-k * (top1 - top2 - tau)));
  return alphaLo + (alphaHi - alphaLo) * gate;
}

/** A plain decimal number; anything else is NaN, which fails every comparison. */
function decimal(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function parseVector(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const sound = Array.isArray(parsed) && parsed.length <= BLEND_VECTOR_MAX && parsed.every(Number.isFinite);
    return sound ? (parsed as number[]) : undefined;
  } catch {
    return undefined;
  }
}

type Annotations = Readonly<Record<string, string>>;

function readGate(annotations: Annotations): Result<BlendChoice, RefusalCode> {
  if (annotations['confidence_logits'] === undefined) return err('missing_confidence_logits');
  const logits = parseVector(annotations['confidence_logits']);
  if (logits === undefined || logits.length === 0) return err('invalid_confidence_logits');
  const gate = {
    k: decimal(annotations['gate_k'], 4),
    tau: decimal(annotations['gate_tau'], 0.2),
    alphaLo: decimal(annotations['alpha_lo'], 0),
    alphaHi: decimal(annotations['alpha_hi'], 1),
    logits,
  };
  return isSound(gate) ? ok({ mode: 'CONFIDENCE', gate }) : err('invalid_confidence_gate');
}

/** k and tau finite and not negative; 0 ≤ lo ≤ hi ≤ 1. NaN fails every comparison. */
const isSound = ({ k, tau, alphaLo, alphaHi }: ConfidenceGate): boolean =>
  [k, tau].every((value) => Number.isFinite(value) && value >= 0) && alphaLo >= 0 && alphaLo <= alphaHi && alphaHi <= 1;

function readChannels(annotations: Annotations): Result<BlendChoice, RefusalCode> {
  if (annotations['alpha_vec'] === undefined) return err('missing_alpha_vec');
  const alphaVec = parseVector(annotations['alpha_vec']);
  if (alphaVec === undefined || alphaVec.length === 0) return err('invalid_alpha_vec');
  if (alphaVec.some((alpha) => alpha < 0 || alpha > 1)) return err('invalid_alpha_vec');
  const declared = annotations['alpha_vec_len'];
  if (declared !== undefined && decimal(declared, 0) !== alphaVec.length) return err('alpha_vec_length_mismatch');
  return ok({ mode: 'CHANNEL', alphaVec });
}

/**
 * The blend of a SEED command: the typed mode, else the `blend_mode` annotation (any case), else CONVEX, with the
 * parameters its mode needs from the annotations. An unknown mode is refused, never replaced.
 */
export function readBlend(typed: BlendMode | undefined, annotations: Annotations): Result<BlendChoice, RefusalCode> {
  const named = typed ?? annotations['blend_mode']?.trim().toUpperCase() ?? 'CONVEX';
  switch (named) {
    case 'CONVEX':
    case 'RESIDUAL':
      return ok({ mode: named });
    case 'CHANNEL':
      return readChannels(annotations);
    case 'CONFIDENCE':
      return readGate(annotations);
    default:
      return err('unknown_blend_mode');
  }
}
