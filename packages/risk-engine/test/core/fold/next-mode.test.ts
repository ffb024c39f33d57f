import { describe, expect, it } from 'vitest';
import { assessWith } from '../../../src/core/assess.js';
import { EVALUATORS } from '../../../src/core/evaluators/table.js';
import { assess, DEFAULT_RISK_CONFIG as CONFIG, initialRiskState } from '../../../src/index.js';
import { inputWith, momentAt } from '../../../src/testing.js';

const fresh = initialRiskState(CONFIG);
const twoTriggers = inputWith({ loss_delta: 9 }, { policy: { riskScore: 0.99, version: 'p' } });

describe('the mode after a decision', () => {
  it('of several triggers the first in the table is announced and the last is remembered, in any order', () => {
    for (const table of [EVALUATORS, EVALUATORS.toReversed()]) {
      const { events, state } = assessWith(table, fresh, { input: twoTriggers, config: CONFIG });
      const entered = events.filter(({ description }) => description === 'conservative_entered');
      expect(entered.map(({ attributes }) => attributes['reason'])).toEqual(['policy_risk_critical']);
      expect(state.mode).toMatchObject({ kind: 'on', reason: 'loss_spike' });
    }
  });

  it('RE-02: every evaluator sees one and the same context: the proposal and the mode as they were before', () => {
    const seen: unknown[] = [];
    const spies = EVALUATORS.map((evaluator) => ({
      ...evaluator,
      evaluate: (context: Parameters<typeof evaluator.evaluate>[0]) => {
        seen.push(context);
        expect([context.draft.commandType, context.state.mode.kind]).toEqual(['SEED', 'off']);
        return evaluator.evaluate(context);
      },
    }));
    const { command, state } = assessWith(spies, fresh, { input: twoTriggers, config: CONFIG });
    expect([command.commandType, state.mode.kind]).toEqual(['PAUSE', 'on']);
    expect(seen).toHaveLength(EVALUATORS.filter(({ name }) => CONFIG.evaluators[name] !== 'off').length);
    expect(new Set(seen).size).toBe(1);
  });

  it('what is in shadow neither enters the mode nor spoils a good decision', () => {
    const on = assess(fresh, twoTriggers, CONFIG).state;
    const next = assess(on, inputWith({ gradient_norm: 99 }, { at: momentAt(1) }), CONFIG).state;
    expect(next.mode).toMatchObject({ goodDecisions: 1, decisions: 1, reason: 'loss_spike' });
  });
});
