import {
  encodeMessage,
  MESSAGE_PRIORITIES,
  type MessagePriority,
  type MetricPoint,
  type TelemetryPacket,
} from '@esper/leyline';
import type { MonoClock, WallClock } from '@esper/std';
import type { LaneItem } from '../core/lane-queue.js';
import { isExact, type LaneAccount } from '../core/ledger.js';
import { ledgerMetrics } from '../core/ledger-metrics.js';
import { point } from '../core/metric-point.js';
import { type LaneName, laneOf } from '../core/priority.js';
import { type ResolvedTelemetryOptions, resolveTelemetryOptions, type TelemetryOptions } from '../options.js';
import type {
  LossReporter,
  MessageIds,
  TelemetryBus,
  TelemetryExporter,
  TelemetryJournal,
  TelemetryStream,
  Timers,
} from '../ports.js';
import { describe } from '../wire/journal-entry.js';
import { DropReports } from './drop-reports.js';
import { ExporterQueue } from './exporter-queue.js';
import { Lane, type LaneLimits } from './lane.js';
import { type LeftOver, PacketStore } from './packet-store.js';

/** What telemetry needs from outside. */
export interface TelemetryPorts {
  readonly bus: TelemetryBus;
  readonly journal: TelemetryJournal;
  readonly clock: WallClock & MonoClock;
  readonly timers: Timers;
  readonly ids: MessageIds;
  readonly exporters?: readonly TelemetryExporter[];
  readonly losses?: LossReporter;
}

/** What became of an emitted packet. */
export interface EmitReceipt {
  /** False when it was dropped at once; the ledger says why. */
  readonly accepted: boolean;
  /** Resolves true when the packet is on disk, which only CRITICAL ones are; never rejects. */
  readonly durable: Promise<boolean>;
}

/** How a shutdown went. */
export interface DrainReport {
  /** Packets delivered while draining. */
  readonly delivered: number;
  /** Packets left on disk for the next process. */
  readonly kept: number;
  /** Packets that could be neither delivered nor written. */
  readonly lost: number;
}

/** The account of both lanes. */
export interface TelemetryLedger {
  readonly lanes: Readonly<Record<LaneName, LaneAccount>>;
  /** Whether emitted + recovered = delivered + dropped + queued holds for both. */
  readonly exact: boolean;
}

/** Where packets go. Nothing here throws at the caller or waits for anybody, `drain` apart. */
export interface Telemetry {
  /** Takes the packet at once. Its priority, stamped where it was built, decides the lane. */
  emit(packet: TelemetryPacket): EmitReceipt;
  ledger(): TelemetryLedger;
  /** The ledger as metrics. */
  metrics(): readonly MetricPoint[];
  /** Sends packets again that the bus had refused for good, up to `countMax` of each lane. */
  requeue(countMax: number): number;
  /**
   * Takes no more packets, delivers what it can within `deadlineMs`, the most urgent first and what the rate held back as
   * summaries, and writes the rest to disk. Resolves when that is done. The second call is the first one.
   */
  drain(deadlineMs: number): Promise<DrainReport>;
}

/**
 * Opens telemetry, with everything a process before this one left on disk. Rejects with `TELEMETRY_OPTION_INVALID`,
 * `TELEMETRY_JOURNAL_UNREADABLE`, or with what reading the journal rejected with.
 */
export async function createTelemetry(ports: TelemetryPorts, options: TelemetryOptions = {}): Promise<Telemetry> {
  const resolved = resolveTelemetryOptions(options);
  const { store, leftOver } = await PacketStore.open(ports.journal, ports.timers);
  return new LaneTelemetry(ports, resolved, { store, leftOver });
}

const STREAMS = { emergency: 'oona.emergency', telemetry: 'oona.telemetry' } as const satisfies Record<
  LaneName,
  TelemetryStream
>;
const DROPPED = Promise.resolve(false);
const DRAIN_LOOK_MS = 5;

class LaneTelemetry implements Telemetry {
  readonly #ports: TelemetryPorts;
  readonly #store: PacketStore;
  readonly #lanes: Readonly<Record<LaneName, Lane>>;
  readonly #drops: DropReports;
  readonly #exporters: readonly ExporterQueue[];
  #draining: Promise<DrainReport> | undefined;

  constructor(
    ports: TelemetryPorts,
    options: ResolvedTelemetryOptions,
    disk: { readonly store: PacketStore; readonly leftOver: LeftOver },
  ) {
    this.#ports = ports;
    this.#store = disk.store;
    this.#drops = new DropReports({
      clock: ports.clock,
      timers: ports.timers,
      everyMs: options.dropReportMs,
      losses: ports.losses,
      emit: (packet) => void this.emit(packet),
    });
    this.#exporters = (ports.exporters ?? []).map((exporter) => new ExporterQueue(exporter, options.exporterQueueMax));
    const lane = (name: LaneName): Lane =>
      new Lane({
        ...ports,
        stream: STREAMS[name],
        store: disk.store,
        limits: limitsOf(name, options),
        leftOver: disk.leftOver[name],
        onDrop: (reason, priority) => this.#drops.note(reason, priority),
      });
    this.#lanes = { emergency: lane('emergency'), telemetry: lane('telemetry') };
  }

  emit(packet: TelemetryPacket): EmitReceipt {
    const priority = priorityIn(packet);
    const lane = this.#lanes[laneOf(priority)];
    if (this.#draining !== undefined) return dropped(lane, 'closed', priority);
    const item = itemOrUndefined(packet, this.#ports.ids);
    if (item === undefined) return dropped(lane, 'invalid', priority);
    for (const exporter of this.#exporters) exporter.offer(packet);
    return lane.offer(item);
  }

  ledger(): TelemetryLedger {
    const lanes = { emergency: this.#lanes.emergency.account(), telemetry: this.#lanes.telemetry.account() };
    return { lanes, exact: isExact(lanes.emergency) && isExact(lanes.telemetry) };
  }

  metrics(): readonly MetricPoint[] {
    const failures = this.#exporters.reduce((sum, { failureCount }) => sum + failureCount, 0);
    return [...ledgerMetrics(this.ledger().lanes), point('tamiyo.telemetry.exporter_failures_total', failures)];
  }

  requeue(countMax: number): number {
    return this.#lanes.emergency.requeue(countMax) + this.#lanes.telemetry.requeue(countMax);
  }

  drain(deadlineMs: number): Promise<DrainReport> {
    this.#draining ??= this.#drain(deadlineMs);
    return this.#draining;
  }

  async #drain(deadlineMs: number): Promise<DrainReport> {
    const lanes = [this.#lanes.emergency, this.#lanes.telemetry];
    const before = this.#delivered();
    for (const lane of lanes) lane.hurry();
    await this.#until(() => lanes.every((lane) => lane.isEmpty()), deadlineMs);
    this.#drops.close();
    const stopped = await Promise.all(lanes.map((lane) => lane.stop()));
    await this.#store.close();
    const accounts = Object.values(this.ledger().lanes);
    return {
      delivered: this.#delivered() - before,
      kept: accounts.reduce((sum, { queued }) => sum + queued.disk, 0),
      lost: stopped.reduce((sum, lost) => sum + lost, 0),
    };
  }

  #delivered(): number {
    const accounts = Object.values(this.ledger().lanes);
    return accounts.reduce(
      (sum, { deliveredAlone, deliveredInSummary }) => sum + deliveredAlone + deliveredInSummary,
      0,
    );
  }

  async #until(isTrue: () => boolean, deadlineMs: number): Promise<void> {
    const { clock, timers } = this.#ports;
    const from = clock.monoMs();
    while (!isTrue() && clock.monoMs() - from < deadlineMs) {
      await new Promise<void>((resolve) => timers.after(DRAIN_LOOK_MS, resolve, { keepsAlive: true }));
    }
  }
}

function limitsOf(name: LaneName, options: ResolvedTelemetryOptions): LaneLimits {
  const isEmergency = name === 'emergency';
  return {
    ...options,
    bytesMax: isEmergency ? options.emergencyBytesMax : options.telemetryBytesMax,
    perMinuteMax: isEmergency ? options.emergencyPerMinuteMax : 0,
    lingerMs: isEmergency ? 0 : options.lingerMs,
  };
}

/** What is no packet at all still has a lane to be counted in. */
function priorityIn(packet: TelemetryPacket): MessagePriority {
  const given: unknown = packet?.priority;
  return typeof given === 'string' && Object.hasOwn(MESSAGE_PRIORITIES, given)
    ? (given as MessagePriority)
    : 'UNSPECIFIED';
}

function itemOrUndefined(packet: TelemetryPacket, ids: MessageIds): LaneItem | undefined {
  try {
    const bytes = encodeMessage('TelemetryPacket', packet);
    return { ...describe(packet), messageId: ids.messageId(), priority: packet.priority, bytes, order: 0 };
  } catch {
    // Counted as dropped: telemetry never throws into the work it tells about.
    return undefined;
  }
}

function dropped(lane: Lane, reason: 'closed' | 'invalid', priority: MessagePriority): EmitReceipt {
  lane.dropUnseen(reason, priority);
  return { accepted: false, durable: DROPPED };
}
