import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TelemetryPacket } from '@esper/leyline';
import { buildPacket, tempFolder } from '@esper/testkit';
import { nodeDisk } from '@esper/wal/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeys } from '../src/adapters/keys.js';
import { type Host, openHost } from '../src/compose.js';
import type { ConfigInput } from '../src/config/resolve.js';
import { prepareDemoFiles } from '../src/demo/demo-files.js';
import type { HostSetup } from '../src/host/host-setup.js';
import { PATIENT_HOST } from './support/patient-settings.js';
import { configOf } from './support/told-fixture.js';

const SHAPE = { inputs: 256, width: 48, classes: 10 };
let folder: Awaited<ReturnType<typeof tempFolder>>;
let dataDir: string;

beforeAll(async () => {
  folder = await tempFolder();
  dataDir = join(folder.path, 'data');
  await prepareDemoFiles(dataDir, { shape: SHAPE, policySeed: 1 });
});
afterAll(() => folder.remove());

async function open(flags: ConfigInput['flags'] = {}, more: Partial<HostSetup> = {}) {
  const files = await prepareDemoFiles(dataDir, { shape: SHAPE, policySeed: 1 });
  const packets: TelemetryPacket[] = [];
  const exporters = [{ name: 'test', export: (packet: TelemetryPacket) => void packets.push(packet) }];
  const config = configOf({ flags: { dataDir, ...PATIENT_HOST, ...flags } });
  const host = await openHost({ config, keys: files.keys, exporters, ...more });
  return { host, packets };
}

async function opened<T>(
  work: (host: Host, packets: readonly TelemetryPacket[]) => Promise<T>,
  flags: ConfigInput['flags'] = {},
): Promise<T> {
  const { host, packets } = await open(flags);
  try {
    return await work(host, packets);
  } finally {
    await host.close();
  }
}

const packet = (run: string, step: number) =>
  buildPacket({ trainingRunId: run, packetId: `${run}-${step}`, globalStep: step });
const namesOf = (packets: readonly TelemetryPacket[]) =>
  packets.flatMap(({ events }) => events.map((event) => event.description));
const order = { who: 'mara', why: 'to see whether it lasts' };

describe('a whole host', () => {
  it('decides, records, remembers across a restart: state, orders, answers and decisions by id', async () => {
    const first = await opened(async (host) => {
      expect(host.readiness()).toMatchObject({ ready: true, state: 'serving' });
      const outcome = await host.decide('run-a', packet('run-a', 1));
      if (!outcome.ok) throw outcome.error;
      await host.operate({ kind: 'hold', trainingRunId: 'run-b', order });
      await host.operate({ kind: 'conservative_set', trainingRunId: 'run-a', order });
      return { answer: outcome.value, run: host.run('run-a'), epoch: host.issuerEpoch };
    });
    await opened(async (host) => {
      expect(host.issuerEpoch).toBe(first.epoch + 1);
      expect(host.run('run-a')).toEqual(first.run);
      expect((await host.decide('run-b', packet('run-b', 1))).ok).toBe(false);
      const again = await host.decide('run-a', packet('run-a', 1));
      expect(again.ok && [again.value.repeated, again.value.decisionId]).toEqual([true, first.answer.decisionId]);
      expect(again.ok && Buffer.from(again.value.bytes).equals(Buffer.from(first.answer.bytes))).toBe(true);
      expect(again.ok && again.value.assessment.reason).toBe(first.answer.assessment.reason);
      const view = await host.decision(first.answer.decisionId);
      expect(view).toMatchObject({ withheld: false, record: { kind: 'decision', packetId: 'run-a-1' } });
      expect(await host.decision('018f0000-0000-7000-8000-000000000000')).toBeUndefined();
      const next = await host.decide('run-a', packet('run-a', 2));
      expect(next.ok && [next.value.identity.sequence, next.value.command.commandType]).toEqual([2, 'PAUSE']);
      await host.operate({ kind: 'release', trainingRunId: 'run-b', order });
      await host.operate({ kind: 'conservative_clear', trainingRunId: 'run-a', order });
    });
  });

  it('a packet that was answered too long ago is expired, not decided again', async () => {
    const decided = await opened((host) => host.decide('run-c', packet('run-c', 1)));
    expect(decided.ok).toBe(true);
    const late = await opened((host) => host.decide('run-c', packet('run-c', 1)), { idempotencyMs: '0' });
    expect(late.ok).toBe(true);
    const sameHost = await opened(
      async (host) => {
        await host.decide('run-c', packet('run-c', 7));
        return host.decide('run-c', packet('run-c', 7));
      },
      { idempotencyMs: '0' },
    );
    expect(sameHost).toMatchObject({ ok: false, error: { code: 'PACKET_EXPIRED' } });
  });

  it('CF-05: configured conservative mode begins with the host and ends by an operator', async () => {
    await opened(
      async (host) => {
        const first = await host.decide('run-d', packet('run-d', 1));
        expect(first.ok && first.value.command.commandType).toBe('PAUSE');
        await host.operate({ kind: 'conservative_clear', trainingRunId: 'run-d', order });
        expect(host.run('run-d')?.state.risk.mode.kind).toBe('off');
      },
      { 'risk.conservativeMode': true },
    );
  });

  it('DP-10: without a blueprint library there is no host', async () => {
    await expect(open({ catalogueFile: join(folder.path, 'nowhere.json') })).rejects.toMatchObject({
      code: 'CATALOGUE_MISSING',
    });
  });

  it('DP-12, CF-01: without signing material there is no host; the secret of the environment is enough', async () => {
    for (const environment of [{}, { ESPER_LEYLINE_SECRET: '' }]) {
      await expect(openKeys({ folder: '', environment })).rejects.toMatchObject({ code: 'KEYS_MISSING' });
    }
    const keys = await openKeys({
      folder: '',
      environment: { ESPER_LEYLINE_SECRET: 'a secret of thirty-two characters' },
    });
    expect(keys.current().size).toBe(1);
  });

  it('DP-17: closing is prompt, answers what is under way, and may be asked twice', async () => {
    const { host } = await open();
    const under = host.decide('run-e', packet('run-e', 1));
    const closing = host.close();
    expect(host.close()).toBe(closing);
    expect((await under).ok).toBe(true);
    await closing;
    expect(host.readiness()).toMatchObject({ ready: false, state: 'closed' });
    expect(await host.decide('run-e', packet('run-e', 2))).toMatchObject({
      ok: false,
      error: { code: 'SHUTTING_DOWN' },
    });
  });

  it('DP-18: nobody can ask for decisions over the bus unless that was asked for', async () => {
    await opened(async (host) => {
      const before = host.log.stats().lastSequence;
      const published = await host.bus.publish('oona.normal', {
        version: 1,
        messageType: 'SYSTEM_STATE',
        messageId: 'm-1',
        priority: 'NORMAL',
        sentAtMs: 1_790_000_000_000,
        payload: new Uint8Array([1]),
        attributes: {},
      });
      expect(published.ok).toBe(true);
      expect(host.log.stats().lastSequence).toBe(before);
    });
  });

  it('FF-01: a host with the flag says so when it starts, loudly', async () => {
    const names = await opened(
      async (_host, packets) => packets.filter((one) => one.priority === 'CRITICAL').flatMap((one) => one.events),
      { 'flags.pauseFallback': true },
    );
    expect(names).toContainEqual(
      expect.objectContaining({ description: 'flag_active', attributes: expect.objectContaining({ flag: 'FF-01' }) }),
    );
  });

  it('FF-04: written durability is told by log and flag', async () => {
    const names = await opened(async (_host, packets) => namesOf(packets), { 'wal.durability': 'written' });
    expect(names).toEqual(expect.arrayContaining(['flag_active', 'wal_durability_reduced']));
  });

  it('TA-05: a command that was refused, and a failure, reach the emergency stream', async () => {
    await opened(async (host) => {
      await host.decide('run-f', { nonsense: true });
      await host.telemetry.drain(5_000);
      expect(host.bus.depth('oona.emergency').entries).toBeGreaterThan(0);
    });
  });

  it('TA-06: rot in the log stops a strict host with its place, and is told by one that was let through', async () => {
    const log = join(dataDir, 'log');
    const name = (await readdir(log)).find((one) => one.endsWith('.wal')) ?? '';
    const file = await nodeDisk().open(`${log}/${name}`, 'write');
    await file.write(new Uint8Array([0xff, 0xff, 0xff, 0xff]), 6_000);
    await file.close();
    await expect(open()).rejects.toThrow(new RegExp(name));
    const names = await opened(async (_host, packets) => namesOf(packets), { 'wal.strict': false });
    expect(names).toEqual(expect.arrayContaining(['wal_damage', 'flag_active']));
    await rm(log, { recursive: true });
  });
});
