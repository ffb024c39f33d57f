import { describe, expect, it } from 'vitest';
import { PROBES } from '../support/probes.js';
import { contexts, loosenedBy } from '../support/tighten.js';

describe('unknown tightens', () => {
  it('an unreadable, required or stale signal is at least as careful as its worst value (3,000 random contexts)', () => {
    const stream = contexts(20_26);
    const tried = new Set<string>();
    for (let n = 0; n < 3_000; n += 1) {
      const [context, probe] = stream.next().value;
      tried.add(probe.name);
      const found = loosenedBy(probe, context);
      if (found.length > 0) expect.fail(`seed 2026, context ${n}: ${JSON.stringify(found[0])}`);
    }
    expect(tried.size).toBe(PROBES.length);
  });
});
