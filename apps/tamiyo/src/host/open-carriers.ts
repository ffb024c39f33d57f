import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TelemetryEvent } from '@esper/leyline';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { systemTimers as busTimers } from '@esper/oona/node';
import { systemClock } from '@esper/std/node';
import { buildNoticePacket, createTelemetry, type Telemetry } from '@esper/telemetry';
import { systemTimers as telemetryTimers, uuidIds } from '@esper/telemetry/node';
import { openWal, type Wal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { type EnvironmentBus, openRedisOf } from '../adapters/environment-bus.js';
import { flagged } from '../adapters/flagged-packet.js';
import { folderJournal } from '../adapters/folder-journal.js';
import { RecentRecords } from '../adapters/recent-records.js';
import { walJournal } from '../adapters/wal-journal.js';
import type { FeatureFlags } from '../config/flags.js';
import { LogMarks } from '../records/log-marks.js';
import type { DecisionJournal } from '../stages/parts.js';
import type { HostSetup } from './host-setup.js';
import { noticeBatch } from './notice-batch.js';
import type { OpenParts } from './open-parts.js';
import { WalTeller } from './wal-teller.js';

/** What carries records and messages: the log, the bus with its outbox, telemetry with its own journal. */
export interface Carriers {
  readonly log: Wal;
  readonly marks: LogMarks;
  readonly recent: RecentRecords;
  readonly journal: DecisionJournal;
  readonly bus: Bus;
  readonly busKind: EnvironmentBus['kind'];
  readonly telemetry: Telemetry;
  /** Sends one event in a packet of its own, with the flags in force. */
  readonly tell: (event: TelemetryEvent) => void;
  /** The same for what tells many events in one go: they travel together. */
  readonly tellTogether: (event: TelemetryEvent) => void;
}

const DRAIN_MS = 2_000;
/** Telemetry of several decisions goes out together: one sync of the outbox for all of them, beside those of the log. */
const LINGER_MS = 25;
/** Decisions that are given again without a look into the log. */
const RECENT_MAX = 256;

export async function openCarriers(setup: HostSetup, flags: FeatureFlags, open: OpenParts): Promise<Carriers> {
  const nowMs = () => systemClock.wallMs();
  const teller = new WalTeller();
  const openLog = async (folder: string): Promise<Wal> => {
    const log = await openFolder(setup, folder, teller);
    open.keep(() => log.close());
    return log;
  };
  const log = await openLog('log');
  const shared = await openRedisOf(setup.environment ?? {});
  const bus = shared?.bus ?? (await openInProcess(await openLog('bus')));
  open.keep(() => bus.close());
  const telemetryLog = await openLog('telemetry');
  const telemetry = await createTelemetry(
    {
      bus,
      journal: folderJournal(telemetryLog, nowMs),
      clock: systemClock,
      timers: telemetryTimers,
      ids: uuidIds,
      ...(setup.exporters === undefined ? {} : { exporters: setup.exporters }),
      ...(setup.losses === undefined ? {} : { losses: setup.losses }),
    },
    { emergencyPerMinuteMax: setup.config.values['telemetry.emergencyPerMinuteMax'], lingerMs: LINGER_MS },
  );
  open.keep(() => telemetry.drain(DRAIN_MS));
  const send = noticeSender(telemetry, flags);
  const tell = (event: TelemetryEvent): void => send([event]);
  teller.begin(tell);
  const tellTogether = noticeBatch(send, queueMicrotask);
  const marks = new LogMarks();
  const recent = new RecentRecords(RECENT_MAX);
  const journal = walJournal(log, { clock: systemClock, marks, recent });
  return { log, marks, recent, journal, bus, busKind: shared?.kind ?? 'embedded', telemetry, tell, tellTogether };
}

const openInProcess = (outbox: Wal): Promise<Bus> =>
  openEmbeddedBus({ journal: folderJournal(outbox, () => systemClock.wallMs()), timers: busTimers });

function noticeSender(telemetry: Telemetry, flags: FeatureFlags): (events: readonly TelemetryEvent[]) => void {
  return (events) => {
    const timestampMs = systemClock.wallMs();
    const packetId = `tamiyo-${events[0]?.description}-${randomUUID()}`;
    const packet = buildNoticePacket({ packetId, timestampMs, events });
    telemetry.emit(flagged(packet, flags.active(timestampMs)));
  };
}

function openFolder({ config, onWal, disk }: HostSetup, folder: string, teller: WalTeller): Promise<Wal> {
  const { values } = config;
  return openWal({
    disk: disk ?? nodeDisk(),
    directory: join(values.dataDir, folder),
    clock: systemClock,
    random: nodeRandom,
    observe: teller.observer(folder, folder === 'log' ? onWal : undefined),
    options: {
      durability: values['wal.durability'],
      recovery: values['wal.strict'] ? 'tail' : 'salvage',
      rewrite: values['wal.rewrite'],
    },
  });
}
