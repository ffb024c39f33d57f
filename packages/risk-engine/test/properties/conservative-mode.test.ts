import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { resolveRiskConfig } from '../../src/index.js';
import { ModeRun as Run } from '../support/mode-run.js';

describe('for any input', () => {
  it('automatic entries are at least one dwell apart, and transitions alternate', () => {
    const config = resolveRiskConfig({ conservative: { goodDecisionsMin: 2, dwellMs: 30_000 } });
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new SeededRandom(seed);
      const run = new Run(config);
      let lastEntryMs = Number.NEGATIVE_INFINITY;
      for (let n = 0; n < 400; n += 1) {
        const before = run.on;
        run.step(random.chance(0.05) ? 'trigger' : random.chance(0.05) ? 'finding' : 'good', random.int(0, 12_000));
        if (!before && run.on) {
          expect(run.nowMs - lastEntryMs, `seed ${seed}`).toBeGreaterThanOrEqual(30_000);
          lastEntryMs = run.nowMs;
        }
      }
      expect(run.transitions.length).toBeGreaterThan(2);
      run.transitions.forEach((name, at) => {
        expect(name, `seed ${seed}`).toBe(at % 2 === 0 ? 'conservative_entered' : 'conservative_exited');
      });
    }
  });
});
