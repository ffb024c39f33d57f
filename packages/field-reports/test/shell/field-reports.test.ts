import { describe, expect, it } from 'vitest';
import { FIELD_REPORT_METRICS, type FieldReportOptions, FieldReports, fieldReportSummary } from '../../src/index.js';
import { encodeNote } from '../../src/wire/note-codec.js';
import { report, seen, T0, World } from '../support/builders.js';

describe('the life of a field report', () => {
  it('FR-11: from the decision over synthesis and publishing to the end, every step durable', async () => {
    const world = new World();
    const reports = await world.start();
    reports.decided(report('a'), seen(0));
    reports.decided(report('b'), seen(3));
    expect(await reports.flush()).toEqual({
      complete: true,
      more: false,
      published: 3,
      failed: 0,
      dropped: 0,
      pending: 0,
    });
    expect(world.published).toEqual(['fr-a', 'fr-b', 'fr-synth-a-0+3']);
    expect(world.notes).toHaveLength(4);
    expect(reports.stats()).toMatchObject({ publishedTotal: 3, synthesisedTotal: 1, pending: 0, openWindows: 1 });
  });

  it('RI-02: what was published is not published again after a restart', async () => {
    const world = new World();
    const first = await world.start();
    first.decided(report('a'));
    await first.flush();
    const second = await world.start([[report('a')], [report('b')]]);
    expect(await second.flush()).toMatchObject({ published: 1 });
    expect(world.published).toEqual(['fr-a', 'fr-b']);
  });

  it('RI-03: what is not due is kept, and the flush says that it is not complete', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start();
    reports.decided(report('a'));
    await reports.flush();
    expect(await reports.flush()).toEqual({
      complete: false,
      more: false,
      published: 0,
      failed: 0,
      dropped: 0,
      pending: 1,
    });
  });

  it('RI-04: delays grow from the base by the multiplier up to the cap', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start([], {
      retriesMax: 9,
      backoffBaseMs: 100,
      backoffMultiplier: 3,
      backoffMaxMs: 1000,
    });
    reports.decided(report('a'));
    const delays: number[] = [];
    for (let failures = 0; failures < 5; failures += 1) {
      await reports.flush();
      let waited = 0;
      while (reports.stats().retriesTotal === failures + 1 && waited < 5000) {
        world.clock.advance(10);
        waited += 10;
        if ((await reports.flush()).failed > 0) delays.push(waited);
      }
    }
    expect(delays.slice(0, 4)).toEqual([100, 300, 900, 1000]);
  });

  it('TA-21, RI-05: the failure after the last retry drops the report, durably and counted, and it stays dropped', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start([], { retriesMax: 3, backoffBaseMs: 0 });
    reports.decided(report('a'));
    for (let attempt = 0; attempt < 4; attempt += 1) await reports.flush();
    expect(reports.stats()).toMatchObject({ droppedTotal: 1, retriesTotal: 3, pending: 0 });
    expect(world.said('field_report_dropped')).toBe(1);
    const again = await world.start([[report('a')]]);
    expect(again.stats().pending).toBe(0);
  });

  it('TA-21, RI-06: false is a failure, and so is a bus that throws', async () => {
    const world = new World();
    const reports = await world.start([], { backoffBaseMs: 0 });
    reports.decided(report('a'));
    world.answer = () => false;
    expect(await reports.flush()).toMatchObject({ published: 0, failed: 1 });
    world.answer = () => Promise.reject(new TypeError('no route'));
    expect(await reports.flush()).toMatchObject({ published: 0, failed: 1 });
    expect(world.events.map(({ attributes }) => attributes['reason'])).toEqual(['refused', 'TypeError']);
    world.answer = () => true;
    expect(await reports.flush()).toMatchObject({ complete: true, published: 1 });
  });

  it('RI-12: one flush publishes so many and no more, oldest first', async () => {
    const world = new World();
    const reports = await world.start([], { publishPerFlushMax: 2 });
    for (const id of ['a', 'b', 'c']) reports.decided(report(id));
    expect(await reports.flush()).toMatchObject({ complete: false, more: true, published: 2, pending: 1 });
    expect(world.published).toEqual(['fr-a', 'fr-b']);
    expect(await reports.flush()).toMatchObject({ complete: true, more: false, published: 1 });
  });

  it.each([
    [1, 1],
    [4, 4],
  ])(
    'with publishConcurrencyMax %i a bus that was quick gets %i at a time, and its first report alone',
    async (publishConcurrencyMax, most) => {
      const world = new World();
      const underWay: number[] = [];
      let now = 0;
      world.answer = async () => {
        now += 1;
        underWay.push(now);
        await Promise.resolve();
        now -= 1;
        return true;
      };
      const reports = await world.start([], { publishConcurrencyMax });
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) reports.decided(report(id));
      expect(await reports.flush()).toMatchObject({ complete: true, published: 7 });
      expect(underWay[0]).toBe(1);
      expect(underWay[1]).toBe(1);
      expect(Math.max(...underWay)).toBe(most);
      expect(world.published).toEqual(['fr-a', 'fr-b', 'fr-c', 'fr-d', 'fr-e', 'fr-f', 'fr-g']);
    },
  );

  it('several that are slow together make one rest, told once', async () => {
    const world = new World();
    const reports = await world.start();
    reports.decided(report('first'));
    await reports.flush();
    let asked = 0;
    let allAsked = (): void => undefined;
    const all = new Promise<void>((resolve) => {
      allAsked = resolve;
    });
    world.answer = async () => {
      asked += 1;
      if (asked === 6) {
        world.clock.advance(501);
        allAsked();
      }
      await all;
      return true;
    };
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) reports.decided(report(id));
    expect(await reports.flush()).toMatchObject({ published: 6, more: false });
    expect(world.said('field_report_publishing_paused')).toBe(1);
  });

  it("RI-13: without the consumer's word a report is repeated once, then given up loudly", async () => {
    const world = new World();
    const reports = await world.start([], { acknowledgement: 'consumer' });
    reports.decided(report('a'));
    reports.decided(report('b'));
    await reports.flush();
    expect(await reports.acknowledge('fr-b')).toBe(true);
    expect(await reports.acknowledge('fr-b')).toBe(false);
    world.clock.advance(1999);
    expect((await reports.flush()).published).toBe(0);
    world.clock.advance(1);
    expect((await reports.flush()).published).toBe(1);
    world.clock.advance(2000);
    await reports.flush();
    expect(world.published).toEqual(['fr-a', 'fr-b', 'fr-a']);
    expect(reports.stats()).toMatchObject({ acknowledgedTotal: 1, unacknowledgedTotal: 1, pending: 0 });
    expect(world.said('field_report_unacknowledged')).toBe(1);
  });

  it('RI-13, PF-21: a bus that takes longer than 500 ms three times in a row rests; then one report is tried', async () => {
    const world = new World();
    let takesMs = 501;
    world.answer = () => {
      world.clock.advance(takesMs);
      return true;
    };
    const reports = await world.start();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) reports.decided(report(id));
    expect(await reports.flush()).toMatchObject({ published: 3, pending: 3, complete: false });
    expect(world.said('field_report_publishing_paused')).toBe(1);
    world.clock.advance(9_999);
    expect((await reports.flush()).published).toBe(0);
    world.clock.advance(1);
    expect((await reports.flush()).published).toBe(1);
    expect(reports.stats().publishPausesTotal).toBe(2);
    world.clock.advance(10_000);
    takesMs = 500;
    expect((await reports.flush()).published).toBe(1);
    expect(await reports.flush()).toMatchObject({ published: 1, complete: true });
  });

  it('each setting of that rest makes a difference', async () => {
    const flushed = async (options: FieldReportOptions, waitMs = 0): Promise<number> => {
      const world = new World();
      world.answer = () => {
        world.clock.advance(100);
        return true;
      };
      const reports = await world.start([], options);
      for (const id of ['a', 'b', 'c', 'd']) reports.decided(report(id));
      await reports.flush();
      world.clock.advance(waitMs);
      await reports.flush();
      return world.published.length;
    };
    expect(await flushed({})).toBe(4);
    expect(await flushed({ slowPublishMs: 99 })).toBe(3);
    expect(await flushed({ slowPublishMs: 99, slowPublishesMax: 1 })).toBe(1);
    expect(await flushed({ slowPublishMs: 99, publishPauseMs: 50 }, 50)).toBe(4);
  });

  it('OW-08: open windows come back after a restart, from the decisions alone', async () => {
    const world = new World();
    const decisions = [
      [report('a'), seen(0)],
      [report('b'), seen(2, { lossDelta: 5 })],
    ] as const;
    const reports = await world.start(decisions);
    expect(reports.stats().openWindows).toBe(2);
    reports.decided(report('c'), seen(3, { lossDelta: 1 }));
    await reports.flush();
    expect(world.published).toContain('fr-synth-a-0+3');
  });

  it('a report whose note was lost in a crash is noted when the log is read again', async () => {
    const world = new World();
    const decisions = [
      [report('a'), seen(0)],
      [report('b'), seen(3)],
    ] as const;
    const reports = await world.start(decisions);
    expect(world.notes).toHaveLength(1);
    await reports.flush();
    const third = await world.start(decisions);
    expect(third.stats().pending).toBe(0);
    expect(world.published.filter((id) => id.startsWith('fr-synth'))).toHaveLength(1);
  });

  it('OW-10: a note that cannot be made durable is told, counted, and tried again', async () => {
    const world = new World();
    const reports = await world.start();
    world.journalFails = true;
    reports.decided(report('a'), seen(0));
    reports.decided(report('b'), seen(3));
    expect(await reports.flush()).toMatchObject({ complete: false, published: 3 });
    expect(world.said('field_report_note_failed')).toBe(4);
    world.journalFails = false;
    expect(await reports.flush()).toMatchObject({ complete: true });
    expect(world.notes).toHaveLength(4);
  });

  it('RI-11: nothing is remembered about reports that are done, and the bound on the others holds', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start([], { pendingMax: 3 });
    for (let at = 0; at < 10; at += 1) reports.decided(report(`c${at}`));
    expect(reports.stats()).toMatchObject({ pending: 3, droppedTotal: 7 });
    expect(reports.oldestNeededMs()).toBe(T0);
    world.answer = () => true;
    await reports.flush();
    expect(reports.stats().pending).toBe(0);
    expect(reports.oldestNeededMs()).toBeUndefined();
  });

  it('RI-08: the summary has every counter under its name, cumulative over flushes', async () => {
    const world = new World();
    const reports = await world.start();
    for (const id of ['a', 'b']) {
      reports.decided(report(id));
      await reports.flush();
    }
    const packet = fieldReportSummary(reports.stats(), { packetId: 'p', sourceSubsystem: 'tamiyo', atMs: T0 });
    expect(packet.metrics.map(({ name }) => name)).toEqual(Object.keys(FIELD_REPORT_METRICS));
    expect(packet.metrics[0]).toEqual({ name: 'tamiyo.field_reports.published_total', value: 2, unit: 'count' });
    expect(packet.health.status).toBe('HEALTHY');
  });

  it('refuses new decisions before the log has been restored', () => {
    const reports = new FieldReports(new World().setup());
    expect(() => reports.decided(report('a'))).toThrow(expect.objectContaining({ code: 'FIELD_REPORT_NOT_RESTORED' }));
  });

  it('RI-15: a damaged note is told, and costs at most a second publication', async () => {
    const world = new World();
    const good = encodeNote({ kind: 'settled', reportId: 'fr-a', how: 'published', atMs: T0 });
    for (let at = 0; at < good.length; at += 1) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ 0x80;
      world.notes.push(bad);
    }
    const reports = await world.start([[report('a')], [report('b')]]);
    const { damagedNotesTotal, pending } = reports.stats();
    expect(damagedNotesTotal).toBeGreaterThan(20);
    expect(pending).toBeGreaterThanOrEqual(1);
    expect(world.said('field_report_note_damaged')).toBe(damagedNotesTotal);
  });
});
