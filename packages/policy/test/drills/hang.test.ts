import { describe, expect, it } from 'vitest';
import { HAS_PROC } from '../hosts/child-processes.js';
import { runHangDrill } from './hang-drill.js';
import { HANG_FAULTS } from './hang-faults.js';

/** Bounds ten times those of `pnpm policy:hang`: what is tested here is that each is looked at. */
const plan = (hangs: number, threadCalls: number, standbyMsMax = 20_000) => ({
  goOn: (calls: number) => calls < hangs,
  apartMs: 100,
  threadCalls,
  standbyMsMax,
  beyondMsMax: 30,
  releaseMsMax: 1000,
  unavailableMsMax: 100,
  nextGoodMsMax: 500,
});

describe.skipIf(!HAS_PROC)('policy:hang, short', () => {
  it('TM-14: the deadline is kept, nothing comes late, nothing dies, and the next call is served', async () => {
    const { json, failures } = await runHangDrill(plan(3, 1));
    expect(failures).toEqual([]);
    expect(json).toMatchObject({ calls: 3, late: 0, deaths: 0, thread: { calls: 1 } });
  });

  it.each(Object.keys(HANG_FAULTS))('notices %s', async (name) => {
    const { failures } = await runHangDrill(plan(2, 0, name === 'no-standby' ? 500 : undefined), name);
    expect(failures).not.toEqual([]);
  });
});
