import { type BusEnvelope, decodeMessage, encodeMessage } from '@esper/leyline';
import type { Result, WallClock } from '@esper/std';
import { type Alert, foldAlerts } from './alerts.js';
import { NOTHING_SEEN, observe, type SupervisedStream, type Supervision } from './supervision.js';
import { supervisionPacket } from './supervision-packet.js';

/** The bus, as far as a supervisor uses it. */
export interface SupervisorBus {
  subscribe(
    stream: SupervisedStream,
    group: string,
    handler: (delivery: { readonly envelope: BusEnvelope }) => Promise<void>,
  ): Promise<{ close(): Promise<void> }>;
  publish(stream: 'oona.telemetry', envelope: BusEnvelope): Promise<Result<unknown, { readonly code: string }>>;
  depth(stream: SupervisedStream): { readonly unacknowledged: Readonly<Record<string, number>> };
}

/** What a supervisor needs from outside. */
export interface WeatherlightPorts {
  readonly bus: SupervisorBus;
  readonly clock: WallClock;
  readonly ids: { messageId(): string };
  onAlert(alert: Alert): void;
}

/** What the supervisor counts and how it is asked. */
export interface Weatherlight {
  supervision(): Supervision;
  /** Critical, high and normal packets since the start, its own apart. */
  priorityCounters(): { readonly critical: number; readonly high: number; readonly normal: number };
  publishFailures(): number;
  /** Messages that were no telemetry, or could not be read. */
  undecodable(): number;
  /** Publishes its own packet; true when it was taken. A failure is counted, and the counts stay for the next flush. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

const GROUP = 'weatherlight';
const STREAMS: readonly SupervisedStream[] = ['oona.emergency', 'oona.telemetry'];
/** Messages remembered so that one that comes again has no second effect. */
const SEEN_MAX = 65_536;

/** Starts a supervisor that reads both streams of telemetry, as Weatherlight does. */
export async function startWeatherlight(ports: WeatherlightPorts): Promise<Weatherlight> {
  const supervisor = new Supervisor(ports);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements Weatherlight {
  readonly #ports: WeatherlightPorts;
  readonly #seen = new Set<string>();
  readonly #subscriptions: { close(): Promise<void> }[] = [];
  #supervision: Supervision = NOTHING_SEEN;
  #publishFailures = 0;
  #undecodable = 0;

  constructor(ports: WeatherlightPorts) {
    this.#ports = ports;
  }

  async start(): Promise<void> {
    for (const stream of STREAMS) {
      const handler = async ({ envelope }: { readonly envelope: BusEnvelope }) => this.#receive(stream, envelope);
      this.#subscriptions.push(await this.#ports.bus.subscribe(stream, GROUP, handler));
    }
  }

  supervision(): Supervision {
    return this.#supervision;
  }

  priorityCounters() {
    const { CRITICAL, HIGH, NORMAL, LOW, UNSPECIFIED } = this.#supervision.priorities;
    return { critical: CRITICAL, high: HIGH, normal: NORMAL + LOW + UNSPECIFIED };
  }

  publishFailures(): number {
    return this.#publishFailures;
  }

  undecodable(): number {
    return this.#undecodable;
  }

  async flush(): Promise<boolean> {
    const { bus, clock, ids } = this.#ports;
    const nowMs = clock.wallMs();
    const queueDepths = Object.fromEntries(
      STREAMS.map((stream) => [stream, bus.depth(stream).unacknowledged[GROUP] ?? 0]),
    );
    this.#checkDepths(queueDepths);
    const counts = { publishFailures: this.#publishFailures, undecodable: this.#undecodable };
    const packet = supervisionPacket({ supervision: this.#supervision, ...counts, queueDepths, nowMs });
    const result = await bus.publish('oona.telemetry', {
      version: 1,
      messageType: 'TELEMETRY',
      messageId: ids.messageId(),
      priority: packet.priority,
      sentAtMs: nowMs,
      payload: encodeMessage('TelemetryPacket', packet),
      attributes: {},
    });
    if (!result.ok) this.#publishFailures += 1;
    return result.ok;
  }

  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.close()));
  }

  #receive(stream: SupervisedStream, envelope: BusEnvelope): void {
    if (this.#seen.has(envelope.messageId)) return;
    this.#remember(envelope.messageId);
    // The type first: bytes of another message may well parse as a packet.
    const decoded =
      envelope.messageType === 'TELEMETRY' ? decodeMessage('TelemetryPacket', envelope.payload) : undefined;
    if (decoded?.ok !== true) {
      this.#undecodable += 1;
      return;
    }
    const packet = decoded.value;
    // Its own packets come back on the stream it reads.
    if (packet.sourceSubsystem === GROUP) return;
    const seen = { stream, packet, sizeBytes: envelope.payload.byteLength, nowMs: this.#ports.clock.wallMs() };
    const { next, raised } = observe(this.#supervision, seen);
    this.#supervision = next;
    for (const alert of raised) this.#ports.onAlert(alert);
  }

  #checkDepths(depths: Readonly<Record<string, number>>): void {
    const deepest = new Map([['oona.queue_depth', Math.max(...Object.values(depths))]]);
    const { state, raised } = foldAlerts(this.#supervision.alerts, deepest);
    this.#supervision = { ...this.#supervision, alerts: state };
    for (const alert of raised) this.#ports.onAlert(alert);
  }

  #remember(messageId: string): void {
    this.#seen.add(messageId);
    if (this.#seen.size <= SEEN_MAX) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}
