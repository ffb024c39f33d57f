import { describe, expect, it } from 'vitest';
import { RecentRecords } from '../../src/adapters/recent-records.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('records of a moment ago', () => {
  it('are found by their place, the same bytes, until as many others have come', () => {
    const records = new RecentRecords(3);
    const all = Array.from({ length: 8 }, (_, at) => bytesOf(`record ${at}`));
    for (const [at, bytes] of all.entries()) {
      records.keep(10 + 2 * at, bytes);
      for (let before = 0; before <= at; before += 1)
        expect(records.find(10 + 2 * before)).toBe(before > at - 3 ? all[before] : undefined);
    }
  });

  it('a place between them, or any place before the first, is not known', () => {
    const records = new RecentRecords(3);
    expect([-1, 0, 1].map((place) => records.find(place))).toEqual([undefined, undefined, undefined]);
    records.keep(4, bytesOf('four'));
    expect([3, 5, -1].map((place) => records.find(place))).toEqual([undefined, undefined, undefined]);
  });
});
