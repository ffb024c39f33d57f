import { FakeClock, FakeTimers, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../src/index.js';
import { contractEnvelope, MemoryJournal } from '../../src/testing.js';

const open = async (journal = new MemoryJournal()) => {
  const timers = new FakeTimers(new FakeClock());
  return { bus: await openEmbeddedBus({ journal, timers }), journal, timers };
};

describe('what the prototype got wrong', () => {
  it('D-03: a message that was not taken says so; there is no answer that looks like success', async () => {
    const { bus, journal } = await open();
    journal.failWith(new Error('disk'));
    const result = await bus.publish('oona.normal', contractEnvelope('1'));
    expect(result).toMatchObject({ ok: false, error: { retryable: true } });
    expect(bus.counters()).toMatchObject({ published: 0, refused: { OONA_JOURNAL_FAILED: 1 } });
  });

  it('D-05: a message whose publish failed can be published again under the same id and arrives once', async () => {
    const { bus, journal } = await open();
    const seen: string[] = [];
    await bus.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    journal.failWith(new Error('disk'));
    await bus.publish('oona.normal', contractEnvelope('1'));
    journal.failWith(undefined);
    expect(await bus.publish('oona.normal', contractEnvelope('1'))).toMatchObject({
      ok: true,
      value: { duplicate: false },
    });
    await settle();
    expect(seen).toEqual(['1']);
  });

  it('a reader that dies between reading and acknowledging gets the message again', async () => {
    const first = await open();
    await first.bus.subscribe('oona.normal', 'g', () => new Promise(() => undefined));
    await first.bus.publish('oona.normal', contractEnvelope('1'));
    await settle();
    const second = await open(first.journal.crash());
    const seen: string[] = [];
    await second.bus.subscribe('oona.normal', 'g', async ({ envelope }) => void seen.push(envelope.messageId));
    await settle();
    expect(seen).toEqual(['1']);
  });
});
