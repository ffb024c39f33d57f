import type { RiskState } from '../state.js';
import { circuitStateOf } from './breaker.js';

/** The names of all breakers that are not closed: open, half-open or forced open. */
export const openBreakerNames = (state: RiskState): readonly string[] =>
  Object.keys(state.breakers).filter((name) => {
    const breaker = state.breakers[name];
    return breaker !== undefined && circuitStateOf(breaker) !== 'CLOSED';
  });
