import { unixMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { DecisionIds, timeOfDecisionId } from '../../src/decision/decision-ids.js';
import { LogMarks } from '../../src/records/log-marks.js';

describe('decision ids', () => {
  it('are UUIDs of version 7 that carry their time', () => {
    const ids = new DecisionIds({ wallMs: () => unixMs(1_790_000_000_123) }, (bytes) => bytes.fill(0xff));
    const id = ids.next();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(timeOfDecisionId(id)).toBe(1_790_000_000_123);
  });

  it('never fall in time, whatever the clock does, and not below those of before a restart', () => {
    let nowMs = 5_000;
    const ids = new DecisionIds({ wallMs: () => unixMs(nowMs) }, () => undefined, 4_000);
    expect(timeOfDecisionId(ids.next())).toBe(5_000);
    nowMs = 1_000;
    expect(timeOfDecisionId(ids.next())).toBe(5_000);
    const later = new DecisionIds({ wallMs: () => unixMs(1_000) }, () => undefined, 9_000);
    expect(timeOfDecisionId(later.next())).toBe(9_000);
  });

  it('what is no such id has no time', () => {
    for (const id of ['', 'x', '00000000-0000-4000-8000-000000000000', `${'0'.repeat(36)}`]) {
      expect(timeOfDecisionId(id), id).toBeUndefined();
    }
  });
});

describe('marks in the log', () => {
  it('a place before every record of a decision, and near it', () => {
    const marks = new LogMarks();
    expect(marks.placeBefore(5)).toBeUndefined();
    for (let at = 1; at <= 10_000; at += 1) marks.note(at, Math.floor(at / 3));
    for (const idMs of [0, 1, 500, 1_700, 3_333]) {
      const place = marks.placeBefore(idMs) ?? 0;
      const first = Math.max(1, idMs * 3);
      expect(place).toBeLessThanOrEqual(first);
      expect(first - place).toBeLessThanOrEqual(600);
    }
    expect(marks.placeBefore(99_999)).toBeGreaterThan(9_400);
  });

  it('their number is bounded; then they lie further apart', () => {
    const marks = new LogMarks();
    for (let at = 1; at <= 20_000_000; at += 1) marks.note(at, at);
    const place = marks.placeBefore(12_345_678) ?? 0;
    expect(place).toBeLessThanOrEqual(12_345_678);
    expect(12_345_678 - place).toBeLessThan(2_000);
  });
});
