import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveSlot } from '../src/index.js';

const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

describe('live slot', () => {
  it('PU-07: work under way keeps its policy, new work gets the new one, the old is closed when it has drained', async () => {
    const closed: string[] = [];
    const slot = liveSlot('old', async (value) => void closed.push(value));
    const hold = gate();
    const straddling = slot.use(async (live) => {
      const before = live;
      await hold.opened;
      return [before, live, closed.length];
    });
    const replaced = slot.replace('new');
    expect(slot.current()).toBe('new');
    expect(await slot.use(async (live) => live)).toBe('new');
    expect(closed).toEqual([]);
    hold.open();
    expect(await straddling).toEqual(['old', 'old', 0]);
    await replaced;
    expect(closed).toEqual(['old']);
  });

  it('a failure of the work releases it, and a failure to close is told to whoever replaced it', async () => {
    const slot = liveSlot(1, () => Promise.reject(new Error('stuck')));
    await expect(slot.use(() => Promise.reject(new Error('work')))).rejects.toThrow('work');
    await expect(slot.replace(2)).rejects.toThrow('stuck');
    expect(await slot.use(async (live) => live)).toBe(2);
  });

  it('whatever the order of uses, ends and swaps: nothing is used after it was closed, and everything replaced is closed once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('use', 'end', 'swap'), { maxLength: 60 }), async (steps) => {
        const closed: number[] = [];
        const slot = liveSlot(0, async (value) => void closed.push(value));
        const open: ReturnType<typeof gate>[] = [];
        const uses: Promise<boolean>[] = [];
        const swaps: Promise<void>[] = [];
        for (const step of steps) {
          if (step === 'swap') swaps.push(slot.replace(swaps.length + 1));
          else if (step === 'end') open.shift()?.open();
          else {
            const hold = gate();
            open.push(hold);
            uses.push(slot.use((live) => hold.opened.then(() => !closed.includes(live))));
          }
          await Promise.resolve();
        }
        for (const hold of open) hold.open();
        expect(await Promise.all(uses)).toEqual(uses.map(() => true));
        await Promise.all(swaps);
        expect([...closed].sort((a, b) => a - b)).toEqual(swaps.map((_, at) => at));
        expect(slot.current()).toBe(swaps.length);
      }),
    );
  });
});
