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
  it('PU-07: work under way keeps its policy, new work gets the new one, the old drains when its last work has ended', async () => {
    const slot = liveSlot('old');
    const hold = gate();
    let drained = false;
    const straddling = slot.use(async (live) => {
      await hold.opened;
      return [live, drained];
    });
    const replaced = slot.replace('new');
    const draining = replaced.drained.then(() => {
      drained = true;
    });
    expect(replaced.value).toBe('old');
    expect(slot.current()).toBe('new');
    expect(await slot.use(async (live) => live)).toBe('new');
    expect(drained).toBe(false);
    hold.open();
    expect(await straddling).toEqual(['old', false]);
    await draining;
    expect(drained).toBe(true);
  });

  it('what was replaced can be put back, also while it still drains', async () => {
    const slot = liveSlot('old');
    const hold = gate();
    const straddling = slot.use(() => hold.opened);
    const { value } = slot.replace('new');
    const back = slot.replace(value);
    await back.drained;
    expect([back.value, slot.current()]).toEqual(['new', 'old']);
    hold.open();
    await straddling;
  });

  it('a failure of the work releases it', async () => {
    const slot = liveSlot(1);
    await expect(slot.use(() => Promise.reject(new Error('work')))).rejects.toThrow('work');
    await slot.replace(2).drained;
    expect(await slot.use(async (live) => live)).toBe(2);
  });

  it('whatever the order of uses, ends and swaps: nothing is used after it was closed, and everything replaced is closed once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('use', 'end', 'swap'), { maxLength: 60 }), async (steps) => {
        const closed: number[] = [];
        const slot = liveSlot(0);
        const open: ReturnType<typeof gate>[] = [];
        const uses: Promise<boolean>[] = [];
        const swaps: Promise<void>[] = [];
        for (const step of steps) {
          if (step === 'swap') {
            const { value, drained } = slot.replace(swaps.length + 1);
            swaps.push(drained.then(() => void closed.push(value)));
          } else if (step === 'end') open.shift()?.open();
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
