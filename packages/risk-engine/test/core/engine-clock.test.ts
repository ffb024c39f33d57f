import { monoMs, unixMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { advanceClock, type Instant, startClock } from '../../src/core/time/engine-clock.js';

const at = (wall: number, mono: number): Instant => ({ wallMs: unixMs(wall), monoMs: monoMs(mono) });
const T = 1_700_000_000_000;

describe('the engine clock', () => {
  it('counts monotonic time, fractions included, while both clocks agree', () => {
    let clock = startClock(at(T, 50));
    for (let step = 1; step <= 1000; step += 1)
      clock = advanceClock(clock, at(T + Math.floor(step * 0.3), 50 + step * 0.3));
    expect(clock.elapsedMs).toBeCloseTo(300, 6);
  });

  it('a date set forward counts nothing beyond what monotonic time says', () => {
    const clock = advanceClock(startClock(at(T, 0)), at(T + 86_400_000, 20));
    expect(clock.elapsedMs).toBe(20);
  });

  it('a date set back counts nothing, and goes on from there', () => {
    const back = advanceClock(startClock(at(T, 0)), at(T - 3_600_000, 500));
    expect(back.elapsedMs).toBe(0);
    expect(advanceClock(back, at(T - 3_600_000 + 40, 540)).elapsedMs).toBe(40);
  });

  it('after a restart with a smaller monotonic zero nothing is counted for the time nobody watched', () => {
    const restarted = advanceClock(startClock(at(T, 9_000_000)), at(T + 60_000, 12));
    expect(restarted.elapsedMs).toBe(0);
    expect(advanceClock(restarted, at(T + 60_100, 112)).elapsedMs).toBe(100);
  });

  it('after a restart with a far larger monotonic reading at most the real time is counted', () => {
    expect(advanceClock(startClock(at(T, 5)), at(T + 60_000, 9_000_000)).elapsedMs).toBe(60_000);
  });

  it('a second between the clocks is drift, more is a step', () => {
    expect(advanceClock(startClock(at(T, 0)), at(T + 1_500, 500)).elapsedMs).toBe(500);
    expect(advanceClock(startClock(at(T, 0)), at(T + 1_500, 2_500)).elapsedMs).toBe(2_500);
    expect(advanceClock(startClock(at(T, 0)), at(T + 1_500, 2_501)).elapsedMs).toBe(1_500);
  });

  it('refuses readings that are no numbers', () => {
    expect(() => startClock({ wallMs: Number.NaN as never, monoMs: monoMs(1) })).toThrow('wall time is no number: NaN');
    expect(() => startClock({ wallMs: unixMs(1), monoMs: Number.NaN as never })).toThrow('monotonic time is no number');
  });
});
