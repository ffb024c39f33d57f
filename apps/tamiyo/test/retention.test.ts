import { unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildPacket, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { describe, expect, it } from 'vitest';
import { readLog } from '../src/adapters/read-log.js';
import { walJournal } from '../src/adapters/wal-journal.js';
import { retainLog } from '../src/host/retention.js';
import { engineFixture } from './support/engine-fixture.js';

const HOUR_MS = 3_600_000;
const packet = (run: string, step: number) =>
  buildPacket({ trainingRunId: run, packetId: `${run}-${step}`, globalStep: step });

describe('retention of the log', () => {
  it('CF-06: gives up old decisions and keeps what the host goes on from', async () => {
    const folder = await tempFolder();
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    for (const run of ['quiet', 'gone', 'busy']) {
      for (const step of [1, 2, 3, 4, 5, 6]) await fixture.engine.decide(run, packet(run, step));
    }
    const wal = await openWal({
      disk: nodeDisk(),
      directory: folder.path,
      clock: systemClock,
      options: { segmentBytesMax: 16 * 1024 },
    });
    const journal = walJournal(wal, { clock: systemClock });
    for (const record of fixture.journal.records) await journal.append(record);
    const { runs } = fixture.parts;
    // Two days later; one run has long been gone, one gives signs of life.
    const nowMs = systemClock.wallMs() + 48 * HOUR_MS;
    runs.set('gone', runs.get('gone'), nowMs - 2_000 * HOUR_MS);
    runs.set('busy', runs.get('busy'), nowMs);
    const told: string[] = [];
    const report = await retainLog({
      log: wal,
      journal,
      runs,
      checkpoint: async (runId) => {
        const stateAfter = runs.get(runId);
        await journal.append({ kind: 'run', trainingRunId: runId, atMs: nowMs, activeMs: 5, stateAfter });
        runs.checkpointed(runId, nowMs);
      },
      epoch: () => ({ kind: 'epoch', issuerEpoch: 7, atMs: nowMs, digests: { policy: '', config: '' } }),
      clock: { wallMs: () => unixMs(nowMs) },
      tell: (event) => told.push(event.description),
      keepHours: 24,
      oldestNeededMs: () => undefined,
      forgetRunHours: 720,
    });
    expect(report?.deletedSegments.length).toBeGreaterThan(2);
    expect(told).toEqual([]);
    expect(runs.ids()).toEqual(['quiet', 'busy']);
    const recovered = await readLog(wal, { answersSinceMs: 0 });
    expect(recovered.issuerEpoch).toBe(7);
    expect(recovered.runs.get('quiet')).toMatchObject({ state: runs.get('quiet'), activeMs: 5 });
    await wal.close();
    await folder.remove();
  });

  it.each([
    ['older than what is kept anyway', 100, 100],
    ['younger', 2, 24],
    ['not there', undefined, 24],
  ])(
    'with the oldest report on its way %s the log is cut before it, and no earlier than configured',
    async (_what, oldestHours, cutHours) => {
      const fixture = engineFixture();
      const nowMs = 10_000 * HOUR_MS;
      const cutoffs: number[] = [];
      await retainLog({
        log: {
          retain: async ({ cutoffMs }) => {
            cutoffs.push(cutoffMs);
            throw new Error('far enough');
          },
        },
        journal: fixture.journal,
        runs: fixture.parts.runs,
        checkpoint: async () => undefined,
        epoch: () => ({ kind: 'epoch', issuerEpoch: 1, atMs: 1, digests: { policy: '', config: '' } }),
        clock: { wallMs: () => unixMs(nowMs) },
        tell: () => undefined,
        keepHours: 24,
        oldestNeededMs: () => (oldestHours === undefined ? undefined : nowMs - oldestHours * HOUR_MS),
        forgetRunHours: 720,
      });
      expect(cutoffs).toEqual([nowMs - cutHours * HOUR_MS]);
    },
  );

  it('TA-06: a failure of retention is told, and leaves everything as it was', async () => {
    const fixture = engineFixture();
    const told: { readonly description: string; readonly attributes: Readonly<Record<string, string>> }[] = [];
    const report = await retainLog({
      log: { retain: () => Promise.reject(new Error('the disk is on fire')) },
      journal: fixture.journal,
      runs: fixture.parts.runs,
      checkpoint: async () => undefined,
      epoch: () => ({ kind: 'epoch', issuerEpoch: 1, atMs: 1, digests: { policy: '', config: '' } }),
      clock: systemClock,
      tell: (event) => told.push(event),
      keepHours: 24,
      oldestNeededMs: () => undefined,
      forgetRunHours: 720,
    });
    expect(report).toBeUndefined();
    expect(told).toEqual([
      expect.objectContaining({
        description: 'wal_retention_problem',
        level: 'WARNING',
        attributes: { error: 'the disk is on fire' },
      }),
    ]);
  });
});
