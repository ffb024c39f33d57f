import { askBreaker, reportBreaker } from '@esper/risk-engine';
import { elapsedMs } from '@esper/std';
import { DecisionError } from '../errors.js';
import type { StageAt } from './parts.js';

export type GuardedCall = 'inference' | 'metadata';

/**
 * Makes a call through the run's breaker: asked before, told of success after. Failures are told by the failure boundary,
 * once per decision (CM-18). An open breaker stops the call (CM-15).
 */
export async function guardedCall<T>(name: GuardedCall, at: StageAt, call: () => Promise<T>): Promise<T> {
  const { session, parts } = at;
  const asked = session.moments.next();
  const permission = askBreaker(session.state.risk, { name, at: asked }, parts.riskConfig);
  session.state = { ...session.state, risk: permission.state };
  session.events.push(...permission.events);
  if (!permission.allowed) {
    throw new DecisionError('BREAKER_OPEN', `the ${name} breaker is open`, {
      reason: 'breaker_open',
      attributes: { component: name },
    });
  }
  const value = await call();
  const answered = session.moments.next();
  const durationMs = elapsedMs(asked.monoMs, answered.monoMs);
  const report = { kind: 'success' as const, durationMs, ticket: permission.ticket };
  const step = reportBreaker(session.state.risk, { name, report, at: answered }, parts.riskConfig);
  session.state = { ...session.state, risk: step.state };
  session.events.push(...step.events);
  return value;
}
