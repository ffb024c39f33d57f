import { type Evaluation, finding, type RawFinding } from '../finding.js';
import type { Evaluator } from './evaluator.js';

const PAUSED: RawFinding = Object.freeze(
  finding({
    signal: 'conservative_mode',
    value: true,
    threshold: 'off',
    comparison: '=',
    verdict: 'fail',
    mitigation: 'pause',
    reason: 'conservative_mode',
    level: 'WARNING',
    attributes: Object.freeze({ reason: 'conservative_mode' }),
    entersMode: false,
    standing: true,
    event: 'pause_triggered',
  }),
);

const ON: Evaluation = Object.freeze({ facts: [], findings: Object.freeze([PAUSED]) });
const OFF: Evaluation = Object.freeze({ facts: [], findings: [] });

/** While the mode is on, every decision is a pause (RE-23, CM-03). It judges the mode as it was before this decision. */
export const conservativeMode: Evaluator = {
  name: 'conservative_mode',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate: ({ state }) => (state.mode.kind === 'on' ? ON : OFF),
};
