import { describe, expect, it } from 'vitest';
import { preciseTimers } from '../../src/adapters/hosting/precise-timers.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('precise timers', () => {
  it('never fire early, and not at all once called off', async () => {
    let fired = 0;
    const off = preciseTimers.after(0, () => {
      fired += 1;
    });
    off();
    for (const delayMs of [0, 0.3, 2.7]) {
      const startedAt = performance.now();
      await new Promise<void>((resolve) => preciseTimers.after(delayMs, resolve));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(delayMs);
    }
    expect(fired).toBe(0);
  });

  it('a delay beyond what timers hold is waited for in pieces: Node would fire at once, and the loop would spin', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    try {
      const off = preciseTimers.after(2 ** 31 + 5, () => undefined);
      await turn();
      await turn();
      off();
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', note);
    }
  });
});
