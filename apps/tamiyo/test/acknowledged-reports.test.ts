import { buildDecisionReport, type Evaluation, FieldReports } from '@esper/field-reports';
import { decodePlain, encodePlain, type FieldReport } from '@esper/leyline';
import { buildCommand, FakeClock } from '@esper/testkit';
import { openWal, type Wal } from '@esper/wal';
import { MemoryDisk } from '@esper/wal/testing';
import { describe, expect, it } from 'vitest';

const HOUR_MS = 3_600_000;
const DIRECTORY = '/log';
type Stored = { readonly report: FieldReport; readonly seen: Evaluation } | { readonly note: Uint8Array };

/** A log with the life of its reports on top, as a host joins them; the consumer must acknowledge. */
async function start(disk: MemoryDisk, clock: FakeClock, published: string[]) {
  const wal = await openWal({ disk, directory: DIRECTORY, clock, options: { segmentBytesMax: 4096, reserveBytes: 0 } });
  const write = (stored: Stored) => wal.append(encodePlain(stored), { issuedAtMs: clock.wallMs() });
  const reports = new FieldReports({
    clock,
    random: () => 0,
    journal: { append: (note) => write({ note }) },
    publisher: {
      publish: async ({ reportId }) => {
        published.push(reportId);
        return true;
      },
    },
    options: { acknowledgement: 'consumer', acknowledgementMs: 48 * HOUR_MS },
  });
  for await (const { payload } of wal.read()) {
    const stored = decodePlain(payload);
    if (!stored.ok) throw new Error('a record that is none');
    const value = stored.value as unknown as Stored;
    if ('note' in value) reports.restoreNote(value.note);
    else reports.restoreDecision(value.report, value.seen);
  }
  await reports.restored();
  const decide = async (id: string, epoch: number): Promise<void> => {
    const report = reportOf(id, clock.wallMs());
    const seen = { ...SEEN, epoch, atMs: clock.wallMs() };
    await write({ report, seen });
    reports.decided(report, seen);
  };
  return { wal, reports, decide };
}

const SEEN: Omit<Evaluation, 'epoch' | 'atMs'> = {
  trainingRunId: 'run-1',
  lossDelta: -1,
  hookLatencyMs: 4,
  reason: '',
  critical: false,
};

const reportOf = (commandId: string, issuedAtMs: number): FieldReport =>
  buildDecisionReport({
    command: buildCommand({ commandId, issuedAtMs }),
    policyVersion: 'p1',
    events: [],
    measured: { lossDelta: -1, others: { risk_score: 0.4, accuracy_delta: 0.01 } },
    mitigations: ['downgrade_to_sgd'],
  });

/** What the host's retention asks for: a day, and longer for what is still needed. */
const retain = (wal: Wal, reports: FieldReports, nowMs: number) =>
  wal.retain({ cutoffMs: Math.min(nowMs - 24 * HOUR_MS, reports.oldestNeededMs() ?? nowMs), nowMs });

describe('field reports on a log', () => {
  it('G-19: a report is kept until its consumer has acknowledged it, then for a day, over restarts', async () => {
    const clock = new FakeClock();
    const disk = new MemoryDisk();
    const published: string[] = [];
    const first = await start(disk, clock, published);
    for (let epoch = 0; epoch < 12; epoch += 1) await first.decide(`c-${epoch}`, epoch);
    await first.reports.flush();
    expect(published).toContain('fr-synth-c-0-0+3');
    clock.advance(30 * HOUR_MS);
    await first.reports.flush();
    for (const id of published) if (id !== 'fr-c-0') expect(await first.reports.acknowledge(id)).toBe(true);
    expect(await retain(first.wal, first.reports, clock.wallMs())).toMatchObject({ deletedRecords: 0, problems: [] });
    await first.wal.close();

    published.length = 0;
    const second = await start(new MemoryDisk(disk.image(), 'second'), clock, published);
    expect(await retain(second.wal, second.reports, clock.wallMs())).toMatchObject({ deletedRecords: 0 });
    await second.reports.flush();
    expect(published).toEqual(['fr-c-0']);
    expect(await second.reports.acknowledge('fr-c-0')).toBe(true);
    expect((await retain(second.wal, second.reports, clock.wallMs())).deletedRecords).toBeGreaterThan(0);
    await second.wal.close();
  });

  it('a report carries what was done and the risk, and one flipped bit in the log does not pass', async () => {
    const disk = new MemoryDisk();
    const clock = new FakeClock();
    const { wal, decide } = await start(disk, clock, []);
    await decide('c-1', 0);
    const report = reportOf('c-1', clock.wallMs());
    expect(report).toMatchObject({ followUpActions: ['downgrade_to_sgd'], metrics: { risk_score: 0.4 } });
    await wal.close();
    const [path, content] = [...disk.image()].find(([name]) => name.endsWith('.wal')) as [string, Uint8Array];
    const flipped = content.slice();
    flipped[1024 + 48 + 20] = (flipped[1024 + 48 + 20] as number) ^ 1;
    const rotten = new MemoryDisk(new Map([...disk.image(), [path, flipped]]), 'after');
    await expect(start(rotten, clock, [])).rejects.toMatchObject({
      code: 'WAL_CORRUPT',
      report: { lostAcknowledged: 1 },
    });
  });
});
