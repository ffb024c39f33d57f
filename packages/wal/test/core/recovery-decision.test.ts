import { describe, expect, it } from 'vitest';
import { decideRecovery, RECOVERY_MODES } from '../../src/core/recovery-decision.js';

describe('the recovery table', () => {
  const tails = [
    { torn: false, survivors: false },
    { torn: true, survivors: false },
    { torn: true, survivors: true },
  ];
  const all = RECOVERY_MODES.flatMap((mode) =>
    [false, true].flatMap((rot) =>
      tails.map((tail) => ({ mode, rot, ...tail, action: decideRecovery({ mode, rot, ...tail }) })),
    ),
  );

  it('WA-10: exactly one row fits each of the 24 combinations', () => {
    expect(all).toHaveLength(24);
    expect(all.filter(({ rot, torn }) => !rot && !torn).every(({ action }) => action === 'keep')).toBe(true);
  });

  it('rot is refused by the two strict modes and by no other', () => {
    for (const { mode, action } of all.filter(({ rot }) => rot)) {
      expect([mode, action === 'refuse']).toEqual([mode, mode === 'strict' || mode === 'tail']);
    }
  });

  it('a torn tail alone is refused by strict and cut by tail and point-in-time', () => {
    const actions = all
      .filter(({ rot, torn }) => !rot && torn)
      .map(({ mode, survivors, action }) => `${mode} ${survivors} ${action}`);
    expect(actions).toEqual([
      'strict false refuse',
      'strict true refuse',
      'tail false cut',
      'tail true cut',
      'point-in-time false cut',
      'point-in-time true cut',
      'salvage false cut',
      'salvage true note',
    ]);
  });

  it('survivors without a torn place are a contradiction', () => {
    expect(() => decideRecovery({ mode: 'tail', rot: false, torn: false, survivors: true })).toThrow('0 rows fit');
  });
});
