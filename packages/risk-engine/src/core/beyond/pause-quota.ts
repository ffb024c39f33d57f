import type { PauseQuotaLimits } from '../config.js';

/** When the engine paused the run by itself, in engine time, oldest first; bounded by the quota. Plain data. */
export interface PauseQuotaState {
  readonly pausesMs: readonly number[];
}

export const INITIAL_PAUSE_QUOTA_STATE: PauseQuotaState = Object.freeze({ pausesMs: Object.freeze([]) });

export interface PauseQuotaStep {
  readonly state: PauseQuotaState;
  /** True when this pause goes beyond the quota: somebody has to look. The pause stands all the same. */
  readonly spent: boolean;
}

/** Takes one pause from the quota, or finds it spent. `paused` is false for decisions that do not begin a pause. */
export function takePause(
  state: PauseQuotaState,
  now: { readonly elapsedMs: number; readonly paused: boolean },
  limits: PauseQuotaLimits,
): PauseQuotaStep {
  const inWindow = state.pausesMs.filter((atMs) => now.elapsedMs - atMs < limits.windowMs);
  const spent = now.paused && inWindow.length >= limits.pausesMax;
  const pausesMs = now.paused && !spent ? [...inWindow, now.elapsedMs] : inWindow;
  const unchanged = pausesMs.length === state.pausesMs.length && !now.paused;
  return {
    state: unchanged ? state : { pausesMs },
    spent,
  };
}
