import type { RiskState } from '../state.js';
import { circuitStateOf } from './breaker.js';

/** The names of all breakers that are not closed: open, half-open or forced open. */
export const openBreakerNames = (state: RiskState): readonly string[] =>
  Object.entries(state.breakers)
    .filter(([, breaker]) => circuitStateOf(breaker) !== 'CLOSED')
    .map(([name]) => name);
