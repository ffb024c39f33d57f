import { openBreakerNames } from '../breaker/open-breakers.js';
import { mayExit, remainderOf } from '../conservative/mode.js';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding } from '../finding.js';
import { elapsedMsOf } from '../state.js';
import type { Evaluator } from './evaluator.js';

const NOTHING: Evaluation = Object.freeze({ facts: [], findings: [] });

/**
 * What keeps conservative mode on (RE-49 to RE-51). The engine ends the mode after a decision, when nothing is left to
 * wait for; with this evaluator off or in shadow the mode never ends by itself.
 */
export const stabilisation: Evaluator = {
  name: 'stabilisation',
  worst: { mitigation: 'none', entersMode: false },
  evaluate({ state, config }: RiskContext): Evaluation {
    const { mode } = state;
    if (mode.kind !== 'on') return NOTHING;
    const left = remainderOf(mode, config.conservative, {
      elapsedMs: elapsedMsOf(state),
      openBreakers: openBreakerNames(state),
    });
    const exit = finding({
      signal: 'conservative_exit',
      value: mayExit(left),
      verdict: 'pass',
      mitigation: 'none',
      reason: '',
      level: 'INFO',
      attributes: {
        good_decisions_left: String(left.goodDecisions),
        dwell_ms_left: String(left.dwellMs),
        dwell_decisions_left: String(left.dwellDecisions),
        open_breakers: left.openBreakers.join(','),
        held: String(left.held),
      },
      entersMode: false,
      event: null,
    });
    return { facts: [], findings: [exit] };
  },
};
