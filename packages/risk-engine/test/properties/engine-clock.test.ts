import { monoMs, unixMs } from '@esper/std';
import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { advanceClock, type Instant, startClock } from '../../src/core/time/engine-clock.js';

const at = (wall: number, mono: number): Instant => ({ wallMs: unixMs(wall), monoMs: monoMs(mono) });
const T = 1_700_000_000_000;

describe('engine time, whatever the clocks do', () => {
  it('never runs backwards, whatever the clocks do', () => {
    const random = new SeededRandom(7);
    for (let run = 0; run < 300; run += 1) {
      let [wall, mono] = [T, 1_000];
      let clock = startClock(at(wall, mono));
      for (let step = 0; step < 40; step += 1) {
        const passed = random.int(0, 5_000);
        wall = Math.max(0, wall + passed + (random.chance(0.2) ? random.int(-10_000_000, 10_000_000) : 0));
        mono = random.chance(0.1) ? random.int(0, 100_000_000) : mono + passed;
        const before = clock.elapsedMs;
        clock = advanceClock(clock, at(wall, mono));
        expect(clock.elapsedMs, `run ${run}`).toBeGreaterThanOrEqual(before);
      }
    }
  });

  it('a date that steps at random adds nothing: at most what truly passed is counted', () => {
    const random = new SeededRandom(11);
    for (let run = 0; run < 300; run += 1) {
      let [wall, mono] = [T, 0];
      let clock = startClock(at(wall, mono));
      for (let step = 0; step < 40; step += 1) {
        const passed = random.int(0, 5_000);
        mono += passed;
        wall = Math.max(0, wall + passed + (random.chance(0.3) ? random.int(-10_000_000, 10_000_000) : 0));
        clock = advanceClock(clock, at(wall, mono));
      }
      expect(clock.elapsedMs, `run ${run}`).toBeLessThanOrEqual(mono);
    }
  });
});
