import { describe, expect, it } from 'vitest';
import { fieldReportSummary, outcomeOfDecision } from '../../src/index.js';
import { decodeNote } from '../../src/wire/note-codec.js';
import { report, seen, World } from '../support/builders.js';

describe('defects of the prototype', () => {
  it('D-01: four decisions with a flush after each publish four reports under four ids', async () => {
    const world = new World();
    const reports = await world.start();
    for (const id of ['a', 'b', 'c', 'd']) {
      reports.decided(report(id));
      await reports.flush();
    }
    expect(world.published).toEqual(['fr-a', 'fr-b', 'fr-c', 'fr-d']);
  });

  it('FR-03: a report keeps its id over a restart', async () => {
    const world = new World();
    world.answer = () => false;
    await (await world.start([[report('a')]])).flush();
    world.answer = () => true;
    await (await world.start([[report('a')]], { backoffBaseMs: 0, backoffMaxMs: 0 })).flush();
    expect(world.published).toEqual(['fr-a']);
  });

  it('D-02: a dropped report does not come back, and the count of failures outlives the process', async () => {
    const world = new World();
    world.answer = () => false;
    const options = { retriesMax: 2, backoffBaseMs: 0 };
    for (let life = 0; life < 3; life += 1) await (await world.start([[report('a')]], options)).flush();
    const last = await world.start([[report('a')]], options);
    expect(last.stats().pending).toBe(0);
    expect(world.said('field_report_dropped')).toBe(1);
  });

  it('D-03: a bus that answers false has not published', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start();
    reports.decided(report('a'));
    expect(await reports.flush()).toMatchObject({ published: 0, failed: 1, pending: 1 });
  });

  it('RI-14: a decision taken while a flush waits for the bus is not lost', async () => {
    const world = new World();
    const reports = await world.start();
    let release = (): void => undefined;
    world.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(true);
      });
    reports.decided(report('a'));
    const flush = reports.flush();
    reports.decided(report('late'), seen(0));
    release();
    expect(await flush).toMatchObject({ complete: false, published: 1, pending: 1 });
    world.answer = () => true;
    await reports.flush();
    expect(world.published).toEqual(['fr-a', 'fr-late']);
  });

  it('D-05b: two flushes at once publish each report once', async () => {
    const world = new World();
    const reports = await world.start();
    reports.decided(report('a'));
    await Promise.all([reports.flush(), reports.flush()]);
    expect(world.published).toEqual(['fr-a']);
  });

  it('D-05: what could not be published is still there after the flush', async () => {
    const world = new World();
    world.answer = () => Promise.reject(new Error('down'));
    const reports = await world.start();
    for (const id of ['a', 'b']) reports.decided(report(id));
    await reports.flush();
    expect(reports.stats()).toMatchObject({ pending: 2, retryBacklog: 2 });
  });

  it('D-07: the first delay is the base, not base times multiplier', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start([], { backoffBaseMs: 1000, backoffMultiplier: 2 });
    reports.decided(report('a'));
    await reports.flush();
    world.clock.advance(999);
    expect((await reports.flush()).failed).toBe(0);
    world.clock.advance(1);
    expect((await reports.flush()).failed).toBe(1);
  });

  it('D-12d: a damaged note is announced once, not at every flush', async () => {
    const world = new World();
    world.notes.push(new Uint8Array([1, 2, 3]));
    const reports = await world.start();
    for (let flush = 0; flush < 3; flush += 1) await reports.flush();
    expect(world.said('field_report_note_damaged')).toBe(1);
  });

  it('D-13: a synthesised report has one id, before it is noted and after a restart', async () => {
    const world = new World();
    world.answer = () => false;
    const first = await world.start([], { backoffBaseMs: 0 });
    first.decided(report('a'), seen(0));
    first.decided(report('b'), seen(3));
    await first.flush();
    world.answer = () => true;
    const second = await world.start(
      [
        [report('a'), seen(0)],
        [report('b'), seen(3)],
      ],
      { backoffBaseMs: 0 },
    );
    await second.flush();
    expect(world.published.filter((id) => id.includes('synth'))).toEqual(['fr-synth-a-0+3']);
  });

  it('OW-06: the synthesised id names command, first epoch and target', async () => {
    const world = new World();
    const reports = await world.start([], { windowEpochs: 2 });
    reports.decided(report('a'), seen(7));
    reports.decided(report('b'), seen(9));
    await reports.flush();
    expect(world.published).toContain('fr-synth-a-7+2');
  });

  it('D-13b: a pause for a critical risk is not reported as success, nor is a downgrade', () => {
    const facts = {
      commandType: 'PAUSE',
      reason: 'policy_risk_critical',
      reasons: [],
      changed: true,
      timedOut: false,
    } as const;
    expect(outcomeOfDecision(facts)).toBe('NEUTRAL');
    expect(outcomeOfDecision({ ...facts, commandType: 'OPTIMIZER', reason: 'device_pressure_high' })).toBe('NEUTRAL');
  });

  it('D-14: a window counts epochs, not evaluations, and leaves out the decision that opened it', async () => {
    const world = new World();
    const reports = await world.start([], { windowEpochs: 2 });
    reports.decided(report('a'), seen(0, { lossDelta: 1000 }));
    for (let step = 0; step < 10; step += 1) reports.decided(report(`same-${step}`), seen(0, { lossDelta: -1 }));
    expect(reports.stats().synthesisedTotal).toBe(0);
    let total = Number.NaN;
    world.answer = (one) => {
      if (one.reportId === 'fr-synth-a-0+2') total = one.metrics['loss_delta_total'] ?? Number.NaN;
      return true;
    };
    reports.decided(report('z'), seen(2, { lossDelta: -1 }));
    await reports.flush();
    expect(total).toBe(-11);
  });

  it('D-14b: a window of run A does not absorb the losses of run B', async () => {
    const world = new World();
    const reports = await world.start([], { windowEpochs: 2 });
    reports.decided(report('a'), seen(0));
    reports.decided(report('b', { trainingRunId: 'run-2' }), seen(9, { trainingRunId: 'run-2', lossDelta: 100 }));
    expect(reports.stats()).toMatchObject({ synthesisedTotal: 0, openWindows: 2 });
  });

  it('D-15: the cost of a decision does not grow with the reports that are done', async () => {
    const world = new World();
    const reports = await world.start();
    for (let at = 0; at < 300; at += 1) {
      reports.decided(report(`c${at}`));
      await reports.flush();
    }
    expect(reports.stats()).toMatchObject({ pending: 0, openWindows: 0, unrecordedNotes: 0, publishedTotal: 300 });
  });

  it('D-06: the summary carries its priority as data, stamped once', async () => {
    const world = new World();
    const reports = await world.start([], { retriesMax: 0 });
    const stamp = { packetId: 'p', sourceSubsystem: 'tamiyo', atMs: 1 };
    expect(fieldReportSummary(reports.stats(), stamp).priority).toBe('NORMAL');
    world.answer = () => false;
    reports.decided(report('a'));
    await reports.flush();
    expect(fieldReportSummary(reports.stats(), stamp).priority).toBe('HIGH');
  });

  it('D-12e: whatever keeps arriving, what is remembered stays within its limits', async () => {
    const world = new World();
    world.answer = () => false;
    const reports = await world.start([], { pendingMax: 5, windowsPerRunMax: 4, runsMax: 3 });
    for (let at = 0; at < 100; at += 1) {
      const trainingRunId = `run-${at % 10}`;
      reports.decided(report(`c${at}`, { trainingRunId }), seen(at, { trainingRunId }));
    }
    await reports.flush();
    const { pending, openWindows } = reports.stats();
    expect([pending <= 5, openWindows <= 12]).toEqual([true, true]);
  });

  it('D-15e: nothing is rewritten per decision; a decision that completes no window writes nothing at all', async () => {
    const world = new World();
    const reports = await world.start();
    for (let at = 0; at < 50; at += 1) reports.decided(report(`c${at}`), seen(0));
    await reports.flush();
    // One note per report that was published, and no other.
    expect(world.notes).toHaveLength(50);
  });

  it('RI-01: what became of each report is durable, under its own id', async () => {
    const world = new World();
    const reports = await world.start();
    reports.decided(report('a'));
    await reports.flush();
    expect(world.notes.map(decodeNote)).toEqual([
      { ok: true, value: { kind: 'settled', reportId: 'fr-a', how: 'published', atMs: expect.any(Number) } },
    ]);
  });

  it('RI-07: reports go out in the order in which they became known, and only all of them is complete', async () => {
    const world = new World();
    const reports = await world.start();
    for (const id of ['a', 'b', 'c']) reports.decided(report(id));
    world.answer = (one) => one.reportId !== 'fr-b';
    expect((await reports.flush()).complete).toBe(false);
    expect(world.published).toEqual(['fr-a', 'fr-c']);
  });
});
