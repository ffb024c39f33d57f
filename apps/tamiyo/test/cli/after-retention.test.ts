import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { buildPacket, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { expect, it } from 'vitest';
import { walJournal } from '../../src/adapters/wal-journal.js';
import { explainNoun } from '../../src/cli/explain.js';
import { walNoun } from '../../src/cli/wal.js';
import { engineFixture } from '../support/engine-fixture.js';
import { runNoun } from '../support/run-noun.js';

const HOUR_MS = 3_600_000;

it('TA-08: what retention gave up is no damage to the command line, and a decision of it is unknown with what to do', async () => {
  await using folder = await decidedAndCut();
  const environment = { TAMIYO_DATA_DIR: folder.path };
  const verified = await runNoun(walNoun, ['wal', 'verify', '--json'], environment);
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    verdict: 'whole',
    firstSequence: folder.firstKept,
    damages: [],
    lostAcknowledged: 0,
  });
  const dumped = await runNoun(walNoun, ['wal', 'dump', '--from', '1', '--limit', '1', '--json'], environment);
  expect([dumped.code, JSON.parse(dumped.stdout.split('\n')[0] ?? '')]).toMatchObject([
    0,
    { sequence: folder.firstKept },
  ]);
  const gone = await runNoun(explainNoun, ['explain', folder.given, '--data', folder.path], environment);
  expect(gone).toMatchObject({ stdout: '' });
  expect(gone.code).not.toBe(0);
  expect(gone.stderr).toMatch(/DECISION_UNKNOWN[\s\S]*next: .*tamiyo wal dump.*retention may have given it up/);
  const kept = await runNoun(explainNoun, ['explain', folder.kept, '--data', folder.path], environment);
  expect(kept.code).toBe(0);
});

/** A data folder whose log has lost its oldest decisions to retention, and no other. */
async function decidedAndCut() {
  const folder = await tempFolder();
  const { engine, inference, journal: memory } = engineFixture();
  inference.answer = { action: 1 };
  for (let step = 1; step <= 18; step += 1) {
    await engine.decide('run-1', buildPacket({ packetId: `run-1-${step}`, globalStep: step }));
  }
  const log = await openWal({
    disk: nodeDisk(),
    directory: join(folder.path, 'log'),
    clock: systemClock,
    options: { segmentBytesMax: 16 * 1024, reserveBytes: 0 },
  });
  const journal = walJournal(log, { clock: systemClock });
  for (const record of memory.records) await journal.append(record);
  const nowMs = systemClock.wallMs() + 48 * HOUR_MS;
  const { deletedRecords, firstSequence } = await log.retain({ cutoffMs: nowMs - 24 * HOUR_MS, nowMs });
  expect(deletedRecords).toBeGreaterThan(0);
  await log.close();
  const ids = memory.records.flatMap((record) => (record.kind === 'decision' ? [record.decisionId] : []));
  const [given = '', kept = ''] = [ids[0], ids.at(-1)];
  return { path: folder.path, firstKept: firstSequence, given, kept, [Symbol.asyncDispose]: () => folder.remove() };
}
