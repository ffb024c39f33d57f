import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { decodeMessage, type TelemetryPacket } from '@esper/leyline';
import { openEmbeddedBus } from '@esper/oona';
import { systemClock } from '@esper/std/node';
import { settle, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { describe, expect, it } from 'vitest';
import { folderJournal } from '../src/adapters/folder-journal.js';
import type { DecisionRecord, HostRecord } from '../src/records/record.js';
import { decodeRecord } from '../src/records/record-codec.js';

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
type Line = Readonly<Record<string, unknown>>;

interface Run {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** `tamiyo demo --json` in a process of its own; `onLine` sees each object of stdout. */
function startDemo(data: string, onLine: (line: Line, child: ChildProcess) => void = () => undefined): Run {
  const args = [
    '--import',
    'tsx',
    '--conditions=@esper/source',
    CLI,
    'demo',
    '--json',
    '--steps',
    '100',
    '--data',
    data,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  let rest = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      onLine(line, child);
    }
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stderr })),
  );
  return { child, lines, ended };
}

async function recordsOf(data: string, folder = 'log'): Promise<readonly HostRecord[]> {
  const wal = await openWal({ disk: nodeDisk(), directory: join(data, folder), clock: systemClock });
  const records: HostRecord[] = [];
  for await (const { payload } of wal.read()) records.push(decodeRecord(payload));
  await wal.close();
  return records;
}

/** What the demo left on the emergency stream. */
async function emergenciesOf(data: string): Promise<readonly TelemetryPacket[]> {
  const wal = await openWal({ disk: nodeDisk(), directory: join(data, 'bus'), clock: systemClock });
  const bus = await openEmbeddedBus({
    journal: folderJournal(wal, () => systemClock.wallMs()),
    timers: nodeWorkerPorts().timers,
  });
  const packets: TelemetryPacket[] = [];
  const subscription = await bus.subscribe('oona.emergency', 'test', async ({ envelope }) => {
    const packet = decodeMessage('TelemetryPacket', envelope.payload);
    if (packet.ok) packets.push(packet.value);
  });
  const expected = bus.depth('oona.emergency').entries;
  while (packets.length < expected) await settle();
  await subscription.close();
  await bus.close();
  await wal.close();
  return packets;
}

const decisionsIn = (records: readonly HostRecord[]): readonly DecisionRecord[] =>
  records.filter((record): record is DecisionRecord => record.kind === 'decision');
const identityOf = (line: Line): string =>
  `${String(line['commandId'])} ${String(line['issuerEpoch'])} ${String(line['sequence'])}`;

describe('tamiyo demo', () => {
  it('a killed host goes on: no acknowledged decision is missing, no sequence number is used again', async () => {
    const folder = await tempFolder();
    const first = startDemo(folder.path, (line, child) => {
      if (line['type'] === 'decision' && line['step'] === 37) child.kill('SIGKILL');
    });
    expect((await first.ended).code).toBeNull();
    const acknowledged = first.lines.filter((line) => line['type'] === 'decision').map(identityOf);
    expect(acknowledged.length).toBeGreaterThanOrEqual(37);
    const kept = decisionsIn(await recordsOf(folder.path)).map(
      ({ identity }) => `${identity.commandId} ${identity.issuerEpoch} ${identity.sequence}`,
    );
    expect(kept).toEqual(expect.arrayContaining(acknowledged));

    const second = startDemo(folder.path);
    const { code, stderr } = await second.ended;
    expect(code, stderr).toBe(0);
    expect(second.lines[0]).toMatchObject({
      type: 'ready',
      trainingRunId: 'demo-1',
      interrupted: true,
      issuerEpoch: 2,
    });
    const all = decisionsIn(await recordsOf(folder.path));
    const sequences = all.map(({ identity }) => identity.sequence);
    expect(new Set(all.map(({ identity }) => identity.trainingRunId))).toEqual(new Set(['demo-1']));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);

    // The summary is the last line, with the keys that are API; what it promises has held, or the exit code says so.
    const summary = second.lines.at(-1);
    expect(summary).toMatchObject({ steps: 100, broken: [], rejected: {} });
    const stepsBefore = Number(summary?.['stepsBefore']);
    expect(stepsBefore).toBeGreaterThan(25);
    expect(stepsBefore).toBeLessThanOrEqual(kept.length + 1);
    expect(summary?.['decisions']).toBe(100 - stepsBefore);
    expect(Object.keys(summary ?? {})).toEqual(
      expect.arrayContaining([
        'steps',
        'decisions',
        'byKind',
        'changedByRisk',
        'rejected',
        'latencyMs',
        'finalAccuracy',
      ]),
    );
    const rejectedIn = ({ lines }: Run): number =>
      lines.filter((line) => line['type'] === 'event' && line['name'] === 'kasmina.command_rejected').length;
    expect([rejectedIn(first), rejectedIn(second)]).toEqual([2, 0]);

    // Every decision has its field report.
    expect(all.every((record) => record.fieldReport.reportId === `fr-${record.identity.commandId}`)).toBe(true);
    // The refused commands were CRITICAL telemetry: they wait on the emergency stream for whoever supervises.
    const rejected = (await emergenciesOf(folder.path)).flatMap((packet) =>
      packet.events.filter((event) => event.description === 'command_rejected'),
    );
    expect(rejected.map((event) => event.attributes['reason'])).toEqual(
      expect.arrayContaining(['invalid_signature', 'nonce_replayed']),
    );
    expect(rejected.every((event) => event.level === 'CRITICAL')).toBe(true);
    await folder.remove();
  }, 300_000);
});
