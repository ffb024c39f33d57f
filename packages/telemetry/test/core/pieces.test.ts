import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../src/core/fifo.js';
import { type LaneItem, LaneQueue } from '../../src/core/lane-queue.js';
import { fullBucket, refill, takeToken, untilTokenMs } from '../../src/core/token-bucket.js';
import { resolveTelemetryOptions, TELEMETRY_DEFAULTS, type TelemetryOptions } from '../../src/index.js';

const PRIORITIES = ['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const;
const item = (order: number, priority: LaneItem['priority'], size: number): LaneItem => ({
  messageId: `${order}`,
  packetId: `${order}`,
  priority,
  level: 'INFO',
  headline: 'x',
  order,
  bytes: new Uint8Array(size),
});

describe('LaneQueue', () => {
  it('keeps its bound, its order and its count against a naive model', () => {
    const step = fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      size: fc.integer({ min: 1, max: 60 }),
      takes: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new LaneQueue(100);
        let model: LaneItem[] = [];
        for (const [order, { priority, size, takes }] of steps.entries()) {
          const added = item(order, priority, size);
          const shed = queue.push(added);
          model = [...model, added].filter((one) => !shed.includes(one));
          for (const victim of shed)
            expect(
              victim === added || PRIORITIES.indexOf(victim.priority as 'LOW') < PRIORITIES.indexOf(priority),
            ).toBe(true);
          for (let i = 0; i < takes; i += 1) {
            const best = [...model].sort(
              (a, b) =>
                PRIORITIES.indexOf(b.priority as 'LOW') - PRIORITIES.indexOf(a.priority as 'LOW') || a.order - b.order,
            )[0];
            expect(queue.take()).toBe(best);
            model = model.filter((one) => one !== best);
          }
          expect(queue.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
          expect(queue.bytes).toBeLessThanOrEqual(100);
          expect(queue.count).toBe(model.length);
        }
      }),
    );
  });

  it('sheds nothing for an item that would find no room even then', () => {
    const queue = new LaneQueue(100);
    queue.push(item(1, 'LOW', 40));
    queue.push(item(2, 'NORMAL', 60));
    const large = item(3, 'NORMAL', 80);
    expect(queue.push(large)).toEqual([large]);
    expect(queue.count).toBe(2);
  });

  it('puts back what failed where it was, whatever the order of the failures', () => {
    const queue = new LaneQueue(100);
    for (const order of [1, 2, 3, 4]) queue.push(item(order, 'NORMAL', 1));
    const [a, b, c] = [queue.take(), queue.take(), queue.take()] as LaneItem[];
    queue.putBack([b as LaneItem]);
    queue.putBack([a as LaneItem, c as LaneItem]);
    expect([queue.take(), queue.take(), queue.take(), queue.take()].map((one) => one?.order)).toEqual([1, 2, 3, 4]);
  });
});

describe('Fifo', () => {
  it('is first in, first out over many', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 500; i += 1) fifo.push(i);
    const out = Array.from({ length: 300 }, () => fifo.shift());
    expect(out).toEqual(Array.from({ length: 300 }, (_, i) => i));
    fifo.unshift([-2, -1]);
    expect([fifo.length, fifo.shift(), fifo.shift(), fifo.peek()]).toEqual([202, -2, -1, 300]);
    expect(new Fifo().shift()).toBeUndefined();
  });
});

describe('token bucket', () => {
  it('RT-08: starts full, refills continuously, never beyond its size, and not when the clock stands or steps back', () => {
    let bucket = fullBucket(2, 1000);
    bucket = takeToken(takeToken(bucket) ?? bucket) ?? bucket;
    expect([bucket.tokens, takeToken(bucket), untilTokenMs(bucket, 2)]).toEqual([0, undefined, 30_000]);
    expect(refill(bucket, 2, 500).tokens).toBe(0);
    expect(refill(bucket, 2, 16_000).tokens).toBe(0.5);
    expect(untilTokenMs(refill(bucket, 2, 16_000), 2)).toBe(15_000);
    expect(refill(bucket, 2, 1e9).tokens).toBe(2);
  });
});

describe('options', () => {
  it('are the defaults where nothing is given, and frozen', () => {
    expect(resolveTelemetryOptions()).toEqual(TELEMETRY_DEFAULTS);
    expect(Object.isFrozen(resolveTelemetryOptions({ inFlightMax: 2 }))).toBe(true);
  });

  for (const name of Object.keys(TELEMETRY_DEFAULTS) as (keyof TelemetryOptions)[]) {
    it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])(`${name} of %d is refused by name`, (value) => {
      expect(() => resolveTelemetryOptions({ [name]: value })).toThrow(`${name} must be a whole number in`);
    });
  }
});
