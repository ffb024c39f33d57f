import { systemClock } from '@esper/std/node';
import { buildPacket, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { describe, expect, it } from 'vitest';
import { readLog } from '../src/adapters/read-log.js';
import { walJournal } from '../src/adapters/wal-journal.js';
import type { HostRecord } from '../src/records/record.js';
import { decodeRecord, encodeRecord } from '../src/records/record-codec.js';
import { engineFixture } from './support/engine-fixture.js';

const packet = (run: string, step: number, validationLoss: number) =>
  buildPacket({ trainingRunId: run, packetId: `${run}-${step}`, globalStep: step, validationLoss });
const open = (directory: string) => openWal({ disk: nodeDisk(), directory, clock: systemClock });

async function recoverFrom(directory: string, sinceMs = 0) {
  const wal = await open(directory);
  const recovered = await readLog(wal, { answersSinceMs: sinceMs });
  await wal.close();
  return recovered;
}

describe('after a restart', () => {
  it('runs go on where they were: sequence, mode, breakers and loss history, to the bit', async () => {
    const folder = await tempFolder();
    const first = engineFixture();
    first.inference.answer = { action: 1 };
    for (const [run, step, loss] of [
      ['a', 1, 0.5],
      ['b', 1, 2],
      ['a', 2, 0.9],
      ['a', 3, 0.9],
    ] as const) {
      await first.engine.decide(run, packet(run, step, loss));
    }
    first.inference.hanging = true;
    await first.engine.decide('b', packet('b', 2, 2));

    const wal = await open(folder.path);
    const journal = walJournal(wal, { clock: systemClock });
    for (const record of first.journal.records) await journal.append(record);
    await wal.close();

    const recovered = await recoverFrom(folder.path);
    expect(recovered.counts).toMatchObject({ decision: 4, failure: 1 });
    for (const run of ['a', 'b']) expect(recovered.runs.get(run)?.state).toEqual(first.parts.runs.get(run));

    const second = engineFixture({ recovered: recovered.runs });
    second.inference.answer = { action: 1 };
    const next = await second.engine.decide('a', packet('a', 4, 0.9));
    expect(next.ok && next.value.identity.sequence).toBe(4);
    expect(next.ok && next.value.assessment.conservative).toBe(true);
    await folder.remove();
  });

  it('answers of the last minutes are known again; withheld and old ones are not', async () => {
    const folder = await tempFolder();
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('a', packet('a', 1, 1));
    await fixture.engine.decide('a', packet('a', 2, 1));
    const [first, second] = fixture.journal.records;
    if (first?.kind !== 'decision' || second?.kind !== 'decision') throw new Error('two decisions were expected');
    const { decisionId, trainingRunId, packetId, atMs, identity } = second;
    const wal = await open(folder.path);
    const journal = walJournal(wal, { clock: systemClock });
    for (const record of [
      first,
      second,
      { kind: 'withheld', decisionId, trainingRunId, packetId, atMs, commandId: identity.commandId, sequence: 2 },
    ] as const) {
      await journal.append(record);
    }
    await wal.close();
    expect((await recoverFrom(folder.path)).answers).toEqual([
      expect.objectContaining({ packetId: 'a-1', logSequence: 1 }),
    ]);
    expect((await recoverFrom(folder.path, first.atMs + 1)).answers).toEqual([]);
    await folder.remove();
  });

  it('the issuer epoch is above every earlier one', async () => {
    const folder = await tempFolder();
    const wal = await open(folder.path);
    const journal = walJournal(wal, { clock: systemClock });
    for (const issuerEpoch of [1, 7, 3])
      await journal.append({ kind: 'epoch', issuerEpoch, atMs: 5, digests: { policy: '', config: '' } });
    await wal.close();
    expect((await recoverFrom(folder.path)).issuerEpoch).toBe(7);
    await folder.remove();
  });
});

describe('record codec', () => {
  it('gives back what it was given, bit for bit, also a packet with bad signals', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    const base = packet('a', 1, Number.NaN);
    await fixture.engine.decide('a', {
      ...base,
      trainingMetrics: { ...base.trainingMetrics, loss: Number.POSITIVE_INFINITY, grad_var: 'n/a' },
    });
    const record = fixture.journal.records[0] as HostRecord;
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  it('a record of another format or kind is refused by name', () => {
    expect(() => decodeRecord(new Uint8Array([1, 2, 3]))).toThrow('no plain data');
    const bytes = encodeRecord({ kind: 'note', stream: 's', bytes: new Uint8Array(1) });
    expect(decodeRecord(bytes)).toEqual({ kind: 'note', stream: 's', bytes: new Uint8Array(1) });
    expect(() => decodeRecord(encodeRecord({ kind: 'wish' } as unknown as HostRecord))).toThrow('unknown kind wish');
  });
});
