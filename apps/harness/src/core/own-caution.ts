import { type TrainerEvent, trainerEvent } from './trainer-event.js';
import type { TrainerState } from './trainer-state.js';

/** The trainer's own caution after a decision that failed or never came. Reasons are codes. */
export interface CautionChange {
  readonly state: TrainerState;
  readonly events: readonly TrainerEvent[];
}

/** A decision failed: conservative from now on, until `goodDecisions` good ones in a row. */
export function afterFailedDecision(state: TrainerState, reason: string, goodDecisions: number): CautionChange {
  const next = { ...state, conservative: { reason, goodDecisionsLeft: goodDecisions } };
  const events =
    state.conservative === undefined ? [trainerEvent('tolaria.conservative_entered', state.step, { reason })] : [];
  return { state: next, events };
}

/** A decision came and was executed or refused for a good reason: one step nearer to the end of the caution. */
export function afterGoodDecision(state: TrainerState): CautionChange {
  if (state.conservative === undefined) return { state, events: [] };
  const { conservative, ...rest } = state;
  const goodDecisionsLeft = conservative.goodDecisionsLeft - 1;
  if (goodDecisionsLeft > 0)
    return { state: { ...state, conservative: { ...conservative, goodDecisionsLeft } }, events: [] };
  const attributes = { reason: conservative.reason };
  return { state: rest, events: [trainerEvent('tolaria.conservative_exited', state.step, attributes)] };
}
