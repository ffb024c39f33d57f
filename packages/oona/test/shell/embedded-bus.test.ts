import { FakeClock, FakeTimers, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type Bus, type EmbeddedBusOptions, openEmbeddedBus, requeueDeadLetters } from '../../src/index.js';
import { busContract, contractEnvelope, MemoryJournal } from '../../src/testing.js';

/** A bus, its journal and its timers, with time in the test's hand. */
async function setUp(options: EmbeddedBusOptions = {}, journal = new MemoryJournal()) {
  const timers = new FakeTimers(new FakeClock());
  const bus = await openEmbeddedBus({ journal, timers }, options);
  return { bus, journal, timers };
}

describe('the contract of a bus', () => {
  for (const { name, run } of busContract) {
    it(name, async () => {
      const parts = new Map<Bus, Awaited<ReturnType<typeof setUp>>>();
      let timers: FakeTimers | undefined;
      const remember = async (opened: Promise<Awaited<ReturnType<typeof setUp>>>): Promise<Bus> => {
        const set = await opened;
        parts.set(set.bus, set);
        timers = set.timers;
        return set.bus;
      };
      await run({
        open: () => remember(setUp({ attemptsMax: 4 })),
        reopen: (crashed) => remember(setUp({ attemptsMax: 4 }, parts.get(crashed)?.journal.crash())),
        until: async (isTrue) => timers?.advanceUntil(isTrue, 10, 2000),
      });
    });
  }
});

describe('durability', () => {
  it('publish resolves only when the message is durable', async () => {
    const { bus, journal } = await setUp();
    journal.hold();
    let isResolved = false;
    const published = bus.publish('oona.normal', contractEnvelope('1')).then((result) => {
      isResolved = true;
      return result;
    });
    await settle();
    expect([isResolved, journal.records.length]).toEqual([false, 0]);
    journal.release();
    expect(await published).toEqual({ ok: true, value: { position: 1, duplicate: false } });
    expect(journal.records).toHaveLength(1);
  });

  it('nothing undurable is delivered', async () => {
    const { bus, journal } = await setUp();
    const seen: string[] = [];
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    journal.hold();
    const published = bus.publish('oona.normal', contractEnvelope('1'));
    await settle();
    expect(seen).toEqual([]);
    journal.release();
    await published;
    await settle();
    expect(seen).toEqual(['1']);
  });

  it('a journal that fails refuses the message, and says so in health until it heals', async () => {
    const { bus, journal } = await setUp();
    journal.failWith(new Error('/secret/path is gone'));
    const refused = await bus.publish('oona.normal', contractEnvelope('1'));
    expect(refused).toEqual({
      ok: false,
      error: { code: 'OONA_JOURNAL_FAILED', retryable: true, reason: 'journal: Error' },
    });
    expect(bus.health()).toEqual({ status: 'degraded', reason: 'journal: Error' });
    journal.failWith(undefined);
    expect((await bus.publish('oona.normal', contractEnvelope('1'))).ok).toBe(true);
    expect(bus.health().status).toBe('ready');
  });

  it('the journal forgets what every group is done with, and nothing else', async () => {
    const { bus, journal, timers } = await setUp({ acknowledgedEveryMax: 2 });
    const fast: string[] = [];
    await bus.subscribe('oona.normal', 'fast', async ({ envelope }) => void fast.push(envelope.messageId));
    const slow = await bus.subscribe('oona.normal', 'slow', async () => undefined);
    await slow.close();
    for (const id of ['1', '2', '3', '4']) await bus.publish('oona.normal', contractEnvelope(id));
    await timers.advance(1000);
    const messages = () => journal.records.filter(({ bytes }) => bytes.byteLength > 100).length;
    expect([fast.length, messages()]).toEqual([4, 4]);
    await bus.dropGroup('oona.normal', 'slow');
    await timers.advance(1000);
    expect(messages()).toBe(0);
  });

  it('a message under way is not forgotten with the acknowledged ones before it', async () => {
    const { bus, journal } = await setUp({ acknowledgedEveryMax: 1 });
    await bus.subscribe('oona.normal', 'g', async () => undefined);
    await bus.publish('oona.normal', contractEnvelope('1'));
    journal.hold();
    const second = bus.publish('oona.normal', contractEnvelope('2'));
    await settle();
    journal.release();
    await second;
    await settle();
    const next = await openEmbeddedBus({ journal: journal.crash(), timers: new FakeTimers(new FakeClock()) });
    expect(next.counters().recovered).toBeLessThanOrEqual(1);
  });

  it('many crashes: every message reaches the group, in order, none is invented', async () => {
    let journal = new MemoryJournal();
    const seen: string[] = [];
    const published: string[] = [];
    for (let life = 0; life < 20; life += 1) {
      const { bus, timers } = await setUp({ acknowledgedEveryMax: 3 }, journal);
      let quota = 4;
      await bus.subscribe('oona.normal', 'g', async ({ envelope }) => {
        if (quota === 0) throw new Error('about to crash');
        quota -= 1;
        seen.push(envelope.messageId);
      });
      for (let i = 0; i < 4; i += 1) {
        const id = `${life}-${i}`;
        if ((await bus.publish('oona.normal', contractEnvelope(id))).ok) published.push(id);
      }
      await timers.advance(50);
      journal = journal.crash();
    }
    const { bus, timers } = await setUp({}, journal);
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    await timers.advanceUntil(() => seen.includes('19-3'), 10);
    expect([...new Set(seen)]).toEqual(published);
  });

  it('a record of another version stops the opening, by code', async () => {
    const journal = new MemoryJournal();
    await journal.append(Uint8Array.of(0x80));
    await expect(setUp({}, journal)).rejects.toMatchObject({ code: 'OONA_JOURNAL_UNREADABLE' });
  });
});

it('a message is what it was when it was published', async () => {
  const { bus } = await setUp();
  const envelope = contractEnvelope('1');
  await bus.publish('oona.normal', envelope);
  envelope.payload.fill(0);
  const seen: Uint8Array[] = [];
  await bus.subscribe('oona.normal', 'g', async (delivery) => void seen.push(delivery.envelope.payload));
  await settle();
  expect(seen).toEqual([contractEnvelope('1').payload]);
});

describe('dead letters', () => {
  it('go back to where they came from, under an id of their own', async () => {
    const { bus, timers } = await setUp({ attemptsMax: 1 });
    let isBroken = true;
    const seen: string[] = [];
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => {
      if (isBroken) throw new Error('broken');
      seen.push(envelope.messageId);
    });
    for (const id of ['1', '2', '3']) await bus.publish('oona.normal', contractEnvelope(id));
    await timers.advance(1000);
    expect(bus.depth('oona.deadletter').entries).toBe(3);
    isBroken = false;
    expect(await requeueDeadLetters(bus, { countMax: 2, idleMs: 50 }, timers)).toEqual({ requeued: 2, refused: 0 });
    await timers.advance(1000);
    expect(seen).toEqual(['g:1:again', 'g:2:again']);
    const rest = requeueDeadLetters(bus, { countMax: 10, idleMs: 50 }, timers);
    await timers.advance(1000);
    expect(await rest).toEqual({ requeued: 1, refused: 0 });
    expect(bus.depth('oona.deadletter').unacknowledged).toEqual({ requeue: 0 });
  });
});

describe('bounds', () => {
  it('a stream with a group that does not read refuses more than it may hold, and counts it', async () => {
    const { bus } = await setUp({ entriesMax: 3 });
    const idle = await bus.subscribe('oona.normal', 'idle', async () => undefined);
    await idle.close();
    const results = [];
    for (const id of ['1', '2', '3', '4', '5']) results.push(await bus.publish('oona.normal', contractEnvelope(id)));
    expect(results.map((result) => result.ok)).toEqual([true, true, true, false, false]);
    expect(results[4]).toMatchObject({ error: { code: 'OONA_FULL', retryable: true } });
    expect(bus.counters().refused).toEqual({ OONA_FULL: 2 });
    expect((await bus.publish('oona.telemetry', contractEnvelope('1'))).ok).toBe(true);
  });

  it('a stream that nobody reads keeps the newest and counts what it lets go', async () => {
    const { bus } = await setUp({ retainedMax: 2 });
    for (const id of ['1', '2', '3', '4']) await bus.publish('oona.normal', contractEnvelope(id));
    const seen: string[] = [];
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    await settle();
    expect([seen, bus.counters().trimmed]).toEqual([['3', '4'], 2]);
  });

  it('a journal that nobody reads is cut: it holds what is kept, and little more', async () => {
    const { bus, journal } = await setUp({ retainedMax: 4, acknowledgedEveryMax: 8 });
    for (let id = 0; id < 200; id += 1) await bus.publish('oona.normal', contractEnvelope(`${id}`));
    await settle();
    expect(journal.records.length).toBeLessThan(4 + 2 * 8 + 2);
    const { bus: next } = await setUp({ retainedMax: 4 }, journal.crash());
    const seen: string[] = [];
    await next.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    await settle();
    expect(seen).toEqual(['196', '197', '198', '199']);
  });

  it('one old message that nobody reads does not keep the journal; one that a group has to read does, and health says so', async () => {
    const { bus, journal } = await setUp({ retainedMax: 4, acknowledgedEveryMax: 8, journalSpanMax: 20 });
    await bus.publish('oona.emergency', contractEnvelope('old'));
    const busy = async (from: number) => {
      for (let id = from; id < from + 60; id += 1) await bus.publish('oona.normal', contractEnvelope(`${id}`));
      await settle();
    };
    await busy(0);
    expect([bus.depth('oona.emergency').entries, journal.records.length < 40]).toEqual([0, true]);
    expect(bus.health().status).toBe('ready');
    const idle = await bus.subscribe('oona.emergency', 'idle', async () => undefined);
    await idle.close();
    await bus.publish('oona.emergency', contractEnvelope('wanted'));
    await busy(60);
    expect([bus.depth('oona.emergency').entries, journal.records.length >= 60]).toEqual([1, true]);
    expect(bus.health()).toEqual({
      status: 'degraded',
      reason: 'journal: grows, since a group does not acknowledge oona.emergency',
    });
    await bus.dropGroup('oona.emergency', 'idle');
    await busy(120);
    expect([bus.health().status, journal.records.length < 40]).toEqual(['ready', true]);
  });

  it('bytes: streams that nobody reads give way, a group that does not read does not', async () => {
    const { bus } = await setUp({ bytesMax: 2048 });
    const idle = await bus.subscribe('oona.normal', 'idle', async () => undefined);
    await idle.close();
    const large = (id: string) => contractEnvelope(id, 'x'.repeat(600));
    expect((await bus.publish('oona.normal', large('kept'))).ok).toBe(true);
    expect((await bus.publish('oona.telemetry', large('1'))).ok).toBe(true);
    expect((await bus.publish('oona.telemetry', large('2'))).ok).toBe(true);
    expect(bus.counters().trimmed).toBe(1);
    expect((await bus.publish('oona.normal', large('kept-2'))).ok).toBe(true);
    expect(await bus.publish('oona.normal', large('too many'))).toMatchObject({ error: { code: 'OONA_FULL' } });
  });

  it('the window of duplicates has an end', async () => {
    const { bus } = await setUp({ duplicateWindowMax: 1 });
    await bus.publish('oona.normal', contractEnvelope('1'));
    await bus.publish('oona.normal', contractEnvelope('2'));
    expect(await bus.publish('oona.normal', contractEnvelope('2'))).toMatchObject({ value: { duplicate: true } });
    expect(await bus.publish('oona.normal', contractEnvelope('1'))).toMatchObject({ value: { duplicate: false } });
  });

  it('a handler that hangs has failed at its deadline', async () => {
    const { bus, timers } = await setUp({ handlerDeadlineMs: 1000, retryDelayMs: 100, attemptsMax: 2 });
    const attempts: number[] = [];
    await bus.subscribe('oona.normal', 'g', ({ attempt }) => {
      attempts.push(attempt);
      return new Promise(() => undefined);
    });
    await bus.publish('oona.normal', contractEnvelope('1'));
    await timers.advance(999);
    expect(attempts).toEqual([1]);
    await timers.advance(200);
    expect(attempts).toEqual([1, 2]);
    await timers.advance(1000);
    expect(bus.counters()).toMatchObject({ deadLettered: 1, delivered: 0 });
  });

  it('the wait between attempts doubles', async () => {
    const { bus, timers } = await setUp({ retryDelayMs: 100, attemptsMax: 5 });
    let attempts = 0;
    await bus.subscribe('oona.normal', 'g', async () => {
      attempts += 1;
      throw new Error('no');
    });
    await bus.publish('oona.normal', contractEnvelope('1'));
    const seen: number[] = [];
    for (const ms of [0, 100, 200, 400, 800]) {
      await timers.advance(ms);
      seen.push(attempts);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('AW-11: 96 messages from 6 publishers at a bound of 128: all taken, none dropped', async () => {
    const { bus, timers } = await setUp({ entriesMax: 128 });
    const seen: string[] = [];
    let deepest = 0;
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => {
      deepest = Math.max(deepest, bus.depth('oona.normal').entries);
      seen.push(envelope.messageId);
    });
    const publisher = async (who: number): Promise<void> => {
      for (let i = 0; i < 16; i += 1) await bus.publish('oona.normal', contractEnvelope(`${who}-${i}`));
    };
    await Promise.all(Array.from({ length: 6 }, (_, who) => publisher(who)));
    await timers.advanceUntil(() => seen.length === 96);
    expect(bus.counters()).toMatchObject({ published: 96, refused: {}, trimmed: 0 });
    expect(deepest).toBeLessThanOrEqual(128);
  });
});
