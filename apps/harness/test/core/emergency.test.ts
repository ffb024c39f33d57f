import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterStep, type EmergencyState, HALT_LEVEL, NO_EMERGENCY, type StepHealth } from '../../src/core/emergency.js';
import { OPEN_CAP, throughCap } from '../../src/core/emergency-cap.js';
import { EMERGENCY_GRADES, gradeOf, lateness } from '../../src/core/emergency-grades.js';
import { trainerEvent } from '../../src/core/trainer-event.js';
import { command, draft } from '../support/commands.js';

const LIMITS = { failedStepsPerLevel: 3, restoresInVainMax: 3 };
const fine: StepHealth = { step: 1, failed: false, healthy: true, restored: false };
const failed: StepHealth = { ...fine, failed: true, healthy: false };
const restored: StepHealth = { ...fine, healthy: false, restored: true };

/** Levels told and reasons, step after step. */
function run(steps: readonly StepHealth[], limits = LIMITS) {
  let state: EmergencyState = NO_EMERGENCY;
  const told: string[] = [];
  let halts: string | undefined;
  for (const step of steps) {
    const change = afterStep(state, step, limits);
    state = change.state;
    halts ??= change.halts;
    for (const { attributes } of change.events) told.push(`${attributes['level']} ${attributes['reason']}`);
  }
  return { state, told, halts };
}

const times = (count: number, step: StepHealth) => Array.from({ length: count }, () => step);

describe('emergency levels', () => {
  it('RB-09: every third failed step in a row raises the level by one, and the fourth level stops the run', () => {
    expect(run(times(2, failed)).told).toEqual([]);
    const most = run(times(12, failed));
    expect(most.told).toEqual(['L1 failed_steps', 'L2 failed_steps', 'L3 failed_steps', 'L4 failed_steps']);
    expect(most.halts).toBe('failed_steps');
    expect(run(times(11, failed)).halts).toBeUndefined();
  });

  it('RB-09: one good step begins the count anew, but the level that was reached stays', () => {
    const broken = run([...times(5, failed), fine, ...times(5, failed)]);
    expect(broken.told).toEqual(['L1 failed_steps']);
    expect(broken.state).toMatchObject({ level: 1, failedSteps: 5 });
  });

  it('RB-09: restores that help nothing stop the run at the third; a healthy step between them forgives', () => {
    const vain = run([restored, restored, restored]);
    expect(vain.told).toEqual(['L3 restored', 'L4 restores_in_vain']);
    expect(vain.halts).toBe('restores_in_vain');
    expect(run([restored, restored, fine, restored, restored]).halts).toBeUndefined();
  });

  it('the limits make a difference', () => {
    expect(run(times(4, failed), { ...LIMITS, failedStepsPerLevel: 1 }).halts).toBe('failed_steps');
    expect(run([restored], { ...LIMITS, restoresInVainMax: 1 }).halts).toBe('restores_in_vain');
  });

  it('RB-10: whatever happens, the level never falls, and each rise is told exactly once', () => {
    const health = fc.record({
      step: fc.nat(100),
      failed: fc.boolean(),
      healthy: fc.boolean(),
      restored: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(health, { maxLength: 60 }), (steps) => {
        let state = NO_EMERGENCY;
        for (const step of steps) {
          const change = afterStep(state, step, LIMITS);
          expect(change.state.level).toBeGreaterThanOrEqual(state.level);
          expect(change.state.level).toBeLessThanOrEqual(HALT_LEVEL);
          expect(change.events).toHaveLength(change.state.level > state.level ? 1 : 0);
          expect(change.halts !== undefined).toBe(change.state.level === HALT_LEVEL && state.level < HALT_LEVEL);
          state = change.state;
        }
      }),
    );
  });
});

describe('the cap of what goes past every queue', () => {
  const rejection = trainerEvent('kasmina.command_rejected', 1, { reason: 'nonce_replayed' });

  it('RB-10: so many CRITICAL events a minute are told, the rest are counted, and the next that is told says how many', () => {
    let cap = OPEN_CAP;
    const told = [0, 1, 2, 3, 59_999, 60_000].map((nowMs) => {
      const through = throughCap(cap, rejection, { nowMs, perMinuteMax: 2 });
      cap = through.cap;
      return through.told?.attributes['suppressed_before'] ?? through.told?.name;
    });
    expect(told).toEqual([
      'kasmina.command_rejected',
      'kasmina.command_rejected',
      undefined,
      undefined,
      undefined,
      '3',
    ]);
    expect(cap).toMatchObject({ suppressedTotal: 3, suppressedSince: 0 });
  });

  it('a halt is always told, and what is not CRITICAL is not capped', () => {
    const at = { nowMs: 0, perMinuteMax: 0 };
    expect(throughCap(OPEN_CAP, trainerEvent('tolaria.emergency.halt', 1), at).told).toBeDefined();
    expect(throughCap(OPEN_CAP, trainerEvent('kasmina.paused', 1), at).told).toBeDefined();
    expect(throughCap(OPEN_CAP, rejection, at).told).toBeUndefined();
  });
});

describe('grades of intervention', () => {
  it('RB-15: four grades with a deadline each; one that is over it is told with both times', () => {
    const deadlines = Object.fromEntries(
      Object.entries(EMERGENCY_GRADES).map(([grade, { deadlineMs }]) => [grade, deadlineMs]),
    );
    expect(deadlines).toEqual({ freeze: 100, fast: 500, full: 2_000, tune: 5_000 });
    expect(lateness('freeze', 100, 7)).toEqual([]);
    expect(lateness('freeze', 100.5, 7)).toMatchObject([
      { level: 'ERROR', attributes: { grade: 'freeze', took_ms: '100.500', deadline_ms: '100' } },
    ]);
  });

  it.each([
    ['PAUSE', {}, 'freeze'],
    ['EMERGENCY', {}, 'freeze'],
    ['ROLLBACK', { rollback: { tier: 'fast', reason: 'test' } }, 'fast'],
    ['ROLLBACK', { rollback: { tier: 'full', reason: 'test' } }, 'full'],
    ['OPTIMIZER', {}, 'tune'],
    ['CIRCUIT_BREAKER', {}, undefined],
  ] as const)('RB-15: %s %j is of grade %s', (commandType, more, grade) => {
    expect(gradeOf(command(draft({ commandType, ...more })))).toBe(grade);
  });
});
