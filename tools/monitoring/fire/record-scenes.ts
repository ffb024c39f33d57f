import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DiskFault, FaultDisk } from '../../../apps/scenarios/src/drive/fault-disk.ts';
import type { Service } from '../../../apps/tamiyo/src/http/open-service.ts';
import { encodeMessage } from '../../../packages/leyline/src/index.ts';
import { systemClock } from '../../../packages/std/src/node.ts';
import { buildRejectionPacket } from '../../../packages/telemetry/src/index.ts';
import { buildPacket } from '../../../packages/testkit/src/index.ts';
import { nodeDisk } from '../../../packages/wal/src/node.ts';
import { type Scene, type Stage, Steps, step } from './scene.ts';

const critical = (): Parameters<Service['host']['telemetry']['emit']>[0] =>
  buildRejectionPacket({ reason: 'invalid_signature', trainingRunId: 'drill', timestampMs: systemClock.wallMs() });

/** A host that works, then one fault of its disk while it goes on. */
const brokenDisk = (fault: DiskFault, fires: readonly string[], more?: (service: Service) => void): Scene => ({
  name: `${fault.code} under ${fault.folders.join(' and ')}`,
  fault: `every write to the log of ${fault.folders.join(' and ')} fails with ${fault.code}`,
  fires,
  play: async (stage) => {
    const disk = new FaultDisk(nodeDisk());
    const settings = { 'reports.retriesMax': 1, 'reports.backoffMs': 50 };
    const service = await stage.open({ dataDir: await stage.folder(), faults: { disk }, settings });
    await step(service, new Steps().next());
    disk.fault = fault;
    await stage.until(fires, async () => {
      more?.(service);
      await step(service, new Steps().next());
    });
    disk.fault = undefined;
  },
});

async function flipByte(folder: string, at: number): Promise<void> {
  const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.wal')).sort();
  const file = await open(join(folder, name), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  buffer[0] = (buffer[0] ?? 0) ^ 0xff;
  await file.write(buffer, 0, 1, at);
  await file.close();
}

async function damagedLog(stage: Stage): Promise<void> {
  const dataDir = await stage.folder();
  const first = await stage.open({ dataDir });
  const steps = new Steps();
  for (let taken = 0; taken < 20; taken += 1) await step(first, steps.next());
  // Files are made longer than what is in them: the middle of the records, not of the file.
  const at = Math.floor(first.host.log.stats().retainedBytes / 2);
  await first.close();
  await flipByte(join(dataDir, 'log'), at);
  // By default a host does not open a damaged log at all.
  await stage.open({ dataDir, settings: { 'wal.strict': false } });
  await stage.until(['TamiyoLogDamaged/so'], () => delay(100));
}

/** What must not be lost. */
export const RECORD_SCENES: readonly Scene[] = [
  brokenDisk({ folders: ['log'], code: 'ENOSPC' }, ['TamiyoLogFull/happened', 'TamiyoRecordLost/happened']),
  brokenDisk({ folders: ['log'], code: 'EIO' }, ['TamiyoLogPoisoned/so']),
  {
    name: 'a bit that flipped',
    fault: 'one byte in the middle of the log is another when the host starts again, with wal.strict off',
    fires: ['TamiyoLogDamaged/so'],
    play: damagedLog,
  },
  {
    name: 'more alarms than the lane sends',
    fault: 'ten CRITICAL packets at once, again and again, with a bound of three a minute',
    fires: ['TamiyoEmergencyLaneLimited/so'],
    play: async (stage) => {
      const settings = { 'telemetry.emergencyPerMinuteMax': 60 };
      const service = await stage.open({ dataDir: await stage.folder(), settings });
      await stage.until(['TamiyoEmergencyLaneLimited/so'], async () => {
        for (let sent = 0; sent < 10; sent += 1) service.host.telemetry.emit(critical());
        await delay(100);
      });
    },
  },
  brokenDisk(
    { folders: ['telemetry', 'bus'], code: 'EIO' },
    ['TamiyoTelemetryBlind/so', 'TamiyoCriticalTelemetryLost/happened', 'TamiyoFieldReportsStuck/so'],
    (service) => {
      for (let sent = 0; sent < 100; sent += 1) service.host.telemetry.emit(critical());
    },
  ),
  {
    name: 'a consumer that hangs',
    fault: 'a group reads the stream of decisions and never acknowledges, while messages come',
    fires: ['TamiyoBusBacklog/so'],
    play: async (stage) => {
      const { host } = await stage.open({ dataDir: await stage.folder() });
      await host.bus.subscribe('oona.normal', 'hung', () => new Promise(() => undefined));
      const payload = encodeMessage('SystemStatePacket', buildPacket());
      let sent = 0;
      await stage.until(['TamiyoBusBacklog/so'], async () => {
        const batch = Array.from({ length: 250 }, () => {
          sent += 1;
          return host.bus.publish('oona.normal', {
            version: 1,
            messageType: 'SYSTEM_STATE',
            messageId: `drill-${sent}`,
            priority: 'NORMAL',
            sentAtMs: systemClock.wallMs(),
            payload,
            attributes: {},
          });
        });
        await Promise.all(batch);
        await delay(20);
      });
    },
  },
];
