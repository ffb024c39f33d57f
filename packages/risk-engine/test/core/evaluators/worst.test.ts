import { describe, expect, it } from 'vitest';
import { assessWith } from '../../../src/core/assess.js';
import type { Evaluator } from '../../../src/core/evaluators/evaluator.js';
import { EVALUATORS } from '../../../src/core/evaluators/table.js';
import { type EvaluatorName, initialRiskState, resolveRiskConfig } from '../../../src/index.js';
import { calmInput } from '../../../src/testing.js';

const config = resolveRiskConfig({
  evaluators: { multi_signal: 'enforce', validation: 'enforce', rollback: 'enforce' },
});
const fresh = initialRiskState(config);

/** The table with one evaluator that breaks. */
const breaking = (name: EvaluatorName, thrown: unknown): readonly Evaluator[] =>
  EVALUATORS.map((evaluator) =>
    evaluator.name === name
      ? {
          ...evaluator,
          evaluate: () => {
            throw thrown;
          },
        }
      : evaluator,
  );
const judge = (name: EvaluatorName, thrown: unknown = new Error('broken')) =>
  assessWith(breaking(name, thrown), fresh, { input: calmInput(), config });

describe('an evaluator that breaks counts as the worst it could have said', () => {
  it.each([
    ['policy_risk', 'PAUSE', 'on'],
    ['conservative_mode', 'PAUSE', 'off'],
    ['timeouts', 'PAUSE', 'on'],
    ['blueprint_risk', 'PAUSE', 'on'],
    ['safety_sheet', 'PAUSE', 'on'],
    ['loss', 'PAUSE', 'on'],
    ['latency', 'PAUSE', 'off'],
    ['isolation_and_device', 'PAUSE', 'off'],
    ['optimizer_hints', 'OPTIMIZER', 'off'],
    ['degraded_inputs', 'PAUSE', 'off'],
    ['stabilisation', 'SEED', 'off'],
    ['multi_signal', 'EMERGENCY', 'on'],
    ['validation', 'PAUSE', 'off'],
    ['rollback', 'ROLLBACK', 'on'],
  ] as const)('%s: command %s, mode %s', (name, type, mode) => {
    const { command, state, findings } = judge(name);
    expect([command.commandType, state.mode.kind]).toEqual([type, mode]);
    expect(findings.find(({ verdict }) => verdict === 'error')).toMatchObject({
      evaluator: name,
      signal: `evaluator.${name}`,
      reason: 'evaluator_error',
    });
  });

  it('RE-64: an error in the coverage check is a finding, an event and the reason, never nothing', () => {
    const { reason, events } = judge('degraded_inputs', new Error('no such family'));
    expect(reason).toBe('evaluator_error');
    expect(events.at(-1)).toEqual({
      description: 'evaluator_error',
      level: 'CRITICAL',
      attributes: { evaluator: 'degraded_inputs', error: 'no such family' },
    });
  });

  it('keeps at most 200 characters of what was thrown', () => {
    const { findings } = judge('loss', new Error('x'.repeat(500)));
    expect(findings.find(({ verdict }) => verdict === 'error')?.attributes['error']).toBe('x'.repeat(200));
  });

  it('what only keeps the mode on asks for nothing when it breaks, and does not enter the mode', () => {
    const found = judge('stabilisation').findings.find(({ reason }) => reason === 'evaluator_error');
    expect(found).toMatchObject({ mitigation: 'none', entersMode: false });
  });
});
