import { describe, expect, it } from 'vitest';
import { FIELD_REPORT_DEFAULTS, resolveFieldReportOptions } from '../src/index.js';

describe('options', () => {
  it('are complete, frozen and independent of what was given', () => {
    const given = { windowEpochs: 5 };
    const resolved = resolveFieldReportOptions(given);
    expect(resolved).toEqual({ ...FIELD_REPORT_DEFAULTS, windowEpochs: 5 });
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it.each([
    ['windowEpochs', 0],
    ['windowTtlMs', Number.NaN],
    ['windowsPerRunMax', -1],
    ['runsMax', 0],
    ['pendingMax', 1.5],
    ['publishPerFlushMax', 0],
    ['publishConcurrencyMax', 0],
    ['retriesMax', -1],
    ['backoffBaseMs', -1],
    ['backoffMultiplier', 0.5],
    ['backoffMaxMs', 10],
    ['backoffJitterRatio', 1.1],
    ['acknowledgementMs', 0],
    ['acknowledgement', 'maybe'],
    ['slowPublishMs', -1],
    ['slowPublishesMax', 0],
    ['publishPauseMs', 0],
  ])('refuse a bad %s by name', (field, value) => {
    expect(() => resolveFieldReportOptions({ [field]: value })).toThrow(field);
  });
});
