import type { AdaptiveLimits } from '../config.js';

/** What the adaptive thresholds remember: sums of the window under way, and the ratio in force. Plain data. */
export interface AdaptiveState {
  /** Factor on the `base` of each multi-signal dimension. */
  readonly ratio: number;
  readonly samples: number;
  readonly stabilitySum: number;
  /** Windows in a row that pointed the same way: positive stable, negative unstable. */
  readonly streak: number;
}

export const INITIAL_ADAPTIVE_STATE: AdaptiveState = Object.freeze({
  ratio: 1,
  samples: 0,
  stabilitySum: 0,
  streak: 0,
});

/** Stability of one decision from 0 to 1: half loss, three tenths gradient, two tenths progress (G-04). */
export interface StabilitySample {
  /** 1 when the loss did not rise, 0 at the loss spike threshold and beyond. */
  readonly loss: number;
  readonly gradient: number;
  readonly progress: number;
}

const stabilityOf = (sample: StabilitySample): number =>
  0.5 * sample.loss + 0.3 * sample.gradient + 0.2 * sample.progress;

/** One more decision. Only a full window can move the ratio, and only after enough windows agreed (G-05). */
export function adapt(state: AdaptiveState, sample: StabilitySample, limits: AdaptiveLimits): AdaptiveState {
  const samples = state.samples + 1;
  const stabilitySum = state.stabilitySum + stabilityOf(sample);
  if (samples < limits.windowDecisions) return { ...state, samples, stabilitySum };
  return closeWindow(state, stabilitySum / samples, limits);
}

function closeWindow(state: AdaptiveState, stability: number, limits: AdaptiveLimits): AdaptiveState {
  const direction = stability > limits.stableMin ? 1 : stability < limits.unstableMax ? -1 : 0;
  const streak = Math.sign(state.streak) === direction ? state.streak + direction : direction;
  const empty = { samples: 0, stabilitySum: 0 };
  if (Math.abs(streak) < limits.agreeingWindowsMin) return { ...state, ...empty, streak };
  const target = direction > 0 ? limits.ratioMax : limits.ratioMin;
  const ratio = limits.decay * state.ratio + (1 - limits.decay) * target;
  const moved = Math.abs(ratio - state.ratio) >= limits.changeMin;
  return { ratio: moved ? Math.min(limits.ratioMax, Math.max(limits.ratioMin, ratio)) : state.ratio, ...empty, streak };
}

/** The ratio that applies: 1 unless adapting is enforced. */
export const ratioInForce = (state: AdaptiveState, limits: AdaptiveLimits): number =>
  limits.mode === 'enforce' ? state.ratio : 1;
