import { COMMAND_TYPES, type CommandType } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { type OutcomeFacts, outcomeOfDecision, outcomeOfFailure } from '../../src/index.js';

const facts = (change: Partial<OutcomeFacts> = {}): OutcomeFacts => ({
  commandType: 'SEED',
  reason: 'policy',
  reasons: [],
  changed: false,
  timedOut: false,
  ...change,
});

const HARM = ['bp_quarantine', 'loss_spike', 'isolation_violation', 'hook_budget'];
const CAUTION = [
  'policy_risk_critical',
  'policy_risk_elevated',
  'step_latency_high',
  'bsds_hazard_high',
  'bsds_hazard_critical',
  'bsds_handling_quarantine',
  'device_pressure_high',
  'cpu_pressure_high',
  'degraded_inputs',
  'conservative_mode',
  'blueprint_risk',
  'loss_volatility_high',
  'loss_warning',
  'grad_variance_high',
  'optimizer_hint',
  'a_reason_of_next_year',
];
const TYPES = Object.keys(COMMAND_TYPES) as CommandType[];

/** Every combination of what an outcome depends on. */
const COMBINATIONS = TYPES.flatMap((commandType) =>
  ['', 'policy', 'timeout_inference', 'timeout_urza', ...HARM, ...CAUTION].flatMap((reason) =>
    [false, true].flatMap((changed) =>
      [false, true].map((timedOut) => facts({ commandType, reason, changed, timedOut })),
    ),
  ),
);

/** The rule in its own words, one line per outcome. */
function expected({ commandType, reason, changed, timedOut }: OutcomeFacts): string {
  if (timedOut || reason.startsWith('timeout')) return 'NEUTRAL';
  if (HARM.includes(reason)) return 'REGRESSION';
  const asProposed = !changed && commandType !== 'PAUSE' && commandType !== 'UNKNOWN';
  return asProposed && (reason === '' || reason === 'policy') ? 'SUCCESS' : 'NEUTRAL';
}

describe('outcome of a decision', () => {
  it('FR-05: exactly one outcome for every combination of facts, success only when nothing stands against it', () => {
    expect(COMBINATIONS).toHaveLength(8 * 24 * 4);
    expect(COMBINATIONS.map(outcomeOfDecision)).toEqual(COMBINATIONS.map(expected));
  });

  it('counts harm that was found beside a more severe deciding reason', () => {
    const both = {
      commandType: 'PAUSE',
      reason: 'policy_risk_critical',
      reasons: ['policy_risk_critical', 'loss_spike'],
    } as const;
    expect(outcomeOfDecision(facts(both))).toBe('REGRESSION');
    expect(outcomeOfDecision(facts({ ...both, reasons: [] }))).toBe('NEUTRAL');
  });

  it('TM-08: a decision that failed for time is neutral, any other failure is aborted', () => {
    expect(['timeout_inference', 'timeout_urza', 'deadline_decision'].map(outcomeOfFailure)).toEqual([
      'NEUTRAL',
      'NEUTRAL',
      'NEUTRAL',
    ]);
    expect(['dependency_violation', 'record_failed', ''].map(outcomeOfFailure)).toEqual([
      'ABORTED',
      'ABORTED',
      'ABORTED',
    ]);
  });
});
