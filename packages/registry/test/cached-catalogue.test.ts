import type { BlueprintDescriptor } from '@esper/leyline';
import { buildBlueprint, FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type CacheLimits, cachedCatalogue } from '../src/index.js';

function bench(limits: CacheLimits = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const answers: ((answer: BlueprintDescriptor | undefined | Error) => void)[] = [];
  const library = {
    lookup: (id: string) => {
      asked.push(id);
      return new Promise<BlueprintDescriptor | undefined>((resolve, reject) => {
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      });
    },
  };
  const cache = cachedCatalogue(library, { ...limits, clock });
  const fetch = async (
    id: string,
    answer: BlueprintDescriptor | Error | 'none' = buildBlueprint({ blueprintId: id }),
  ) => {
    const found = cache.lookup(id);
    await Promise.resolve();
    answers.shift()?.(answer === 'none' ? undefined : answer);
    return found;
  };
  return { clock, asked, answers, cache, fetch };
}

describe('cached catalogue', () => {
  it('BM-02: an answer is believed for its time to live and fetched anew after it', async () => {
    const { clock, asked, fetch } = bench();
    await fetch('a');
    clock.advance(299_999);
    expect((await fetch('a'))?.blueprintId).toBe('a');
    expect(asked).toEqual(['a']);
    clock.advance(1);
    await fetch('a', buildBlueprint({ blueprintId: 'a', risk: 0.9 }));
    expect((await fetch('a'))?.risk).toBe(0.9);
    expect(asked).toEqual(['a', 'a']);
  });

  it('BM-03: it is bounded, the answer fetched longest ago goes first, and notices of change forget', async () => {
    const { asked, cache, fetch } = bench({ entriesMax: 2 });
    for (const id of ['a', 'b', 'c']) await fetch(id);
    await fetch('b');
    await fetch('a');
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
    expect(cache.stats()).toEqual({ hits: 1, misses: 4, joined: 0, failures: 0, evictions: 2 });
    cache.invalidate('a');
    await fetch('a');
    cache.invalidate();
    await fetch('a');
    expect(asked).toEqual(['a', 'b', 'c', 'a', 'a', 'a']);
  });

  it('BM-09: one blueprint is looked up once, however many ask at a time', async () => {
    const { asked, answers, cache } = bench();
    const asking = [cache.lookup('a'), cache.lookup('a'), cache.lookup('a')];
    await Promise.resolve();
    answers.shift()?.(undefined);
    expect(await Promise.all(asking)).toEqual([undefined, undefined, undefined]);
    expect(asked).toEqual(['a']);
    expect(cache.stats().joined).toBe(2);
  });

  it('D-26: repeated use of a blueprint within a step costs one lookup, and an unknown id is remembered as unknown', async () => {
    const { asked, fetch } = bench();
    expect(await fetch('packet-1', 'none')).toBeUndefined();
    expect(await fetch('packet-1')).toBeUndefined();
    expect(asked).toEqual(['packet-1']);
  });

  it('BM-11: a failure is typed, keeps its cause, and is not remembered', async () => {
    const { asked, cache, fetch } = bench();
    const cause = new Error('disk');
    await expect(fetch('a', cause)).rejects.toMatchObject({ code: 'CATALOGUE_FAILED', cause });
    expect((await fetch('a'))?.blueprintId).toBe('a');
    expect(asked.length).toBe(2);
    expect(cache.stats().failures).toBe(1);
  });

  it('an answer that was under way when the library changed is given but not remembered', async () => {
    const { asked, answers, cache, fetch } = bench();
    const stale = cache.lookup('a');
    await Promise.resolve();
    cache.invalidate('a');
    answers.shift()?.(buildBlueprint({ blueprintId: 'a', risk: 0.1 }));
    expect((await stale)?.risk).toBe(0.1);
    await fetch('a', buildBlueprint({ blueprintId: 'a', risk: 0.7 }));
    expect((await fetch('a'))?.risk).toBe(0.7);
    expect(asked.length).toBe(2);
  });

  it('checks its limits by name', () => {
    expect(() => bench({ ttlMs: Number.NaN })).toThrow('ttlMs must be at least 0, got NaN');
    expect(() => bench({ entriesMax: 0 })).toThrow('entriesMax must be at least 1, got 0');
  });
});
