import { describe, expect, it } from 'vitest';
import { assess, DEFAULT_RISK_CONFIG, initialRiskState, RISK_EVENTS, type RiskEventName } from '../../src/index.js';
import { SCENARIOS } from '../support/scenarios.js';

/** Every level each event came with, over all scenarios. */
function levelsSeen(): ReadonlyMap<string, ReadonlySet<string>> {
  const seen = new Map<string, Set<string>>();
  for (const { input, state, config = DEFAULT_RISK_CONFIG } of SCENARIOS) {
    const { events } = assess(state?.(config) ?? initialRiskState(config), input, config);
    for (const { description, level } of events) seen.set(description, (seen.get(description) ?? new Set()).add(level));
  }
  return seen;
}

describe('levels of events', () => {
  const seen = levelsSeen();

  it('RE-71: reasons have the canonical severity of the taxonomy', () => {
    const canonical = {
      bp_quarantine: 'CRITICAL',
      timeout_inference: 'CRITICAL',
      timeout_urza: 'CRITICAL',
      loss_spike: 'WARNING',
      isolation_violations: 'WARNING',
      hook_budget: 'WARNING',
      conservative_entered: 'WARNING',
      conservative_exited: 'INFO',
    };
    for (const [event, level] of Object.entries(canonical))
      expect([event, [...(seen.get(event) ?? [])]]).toEqual([event, [level]]);
  });

  it('every event comes with a level its table names', () => {
    for (const [event, levels] of seen) {
      const named: string = RISK_EVENTS[event as RiskEventName].level;
      expect([event, [...levels].filter((level) => !named.split(/, | or /).includes(level))]).toEqual([event, []]);
    }
    expect(seen.size).toBeGreaterThan(30);
  });
});
