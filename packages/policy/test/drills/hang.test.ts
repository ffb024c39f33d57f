import { describe, expect, it } from 'vitest';
import { HAS_PROC } from '../hosts/child-processes.js';
import { runHangDrill } from './hang-drill.js';
import { HANG_FAULTS } from './hang-faults.js';

/** Bounds for a machine that has much else to do: what is tested here is that each is looked at. */
const PATIENT = {
  apartMs: 100,
  standbyMsMax: 60_000,
  beyondMsMax: 300,
  releaseMsMax: 10_000,
  unavailableMsMax: 5_000,
  nextGoodDeadlineMs: 20_000,
  nextGoodMsMax: 20_000,
};
/** What never comes need not be waited for that long. */
const NEVER = { standbyMsMax: 500, releaseMsMax: 500 };

describe.skipIf(!HAS_PROC)('policy:hang, short', () => {
  it('TM-14: the deadline is kept, nothing comes late, nothing dies, and the next call is served', async () => {
    const { json, failures } = await runHangDrill({ ...PATIENT, goOn: (calls) => calls < 3, threadCalls: 1 });
    expect(failures).toEqual([]);
    expect(json).toMatchObject({ calls: 3, late: 0, deaths: 0, thread: { calls: 1 } });
  });

  it.each(Object.keys(HANG_FAULTS))('notices %s', async (name) => {
    const bounds = name === 'no-standby' || name === 'overdue-not-killed' ? { ...PATIENT, ...NEVER } : PATIENT;
    const { failures } = await runHangDrill({ ...bounds, goOn: (calls) => calls < 2, threadCalls: 0 }, name);
    expect(failures).not.toEqual([]);
  });
});
