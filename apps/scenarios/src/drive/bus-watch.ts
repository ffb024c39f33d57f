import { decodeMessage, type TelemetryPacket } from '@esper/leyline';
import type { Bus, Subscription } from '@esper/oona';

/** What a supervisor would see of the host: events by name on each stream, and how long messages took. */
export class BusWatch {
  readonly #emergency: Record<string, number> = {};
  readonly #telemetry: Record<string, number> = {};
  readonly #emergencyMs: number[] = [];
  readonly #reportMs: number[] = [];
  readonly #telemetryBytes: number[] = [];
  readonly #metrics = new Map<string, number[]>();
  readonly #subscriptions: Subscription[] = [];
  readonly #nowMs: () => number;

  private constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Reads the streams of `bus` under a group of its own until it is closed. `nowMs`: wall time, as in the packets. */
  static async on(bus: Bus, nowMs: () => number): Promise<BusWatch> {
    const watch = new BusWatch(nowMs);
    watch.#subscriptions.push(
      await bus.subscribe('oona.emergency', 'scenario', async ({ envelope }) => {
        const packet = decodeMessage('TelemetryPacket', envelope.payload);
        if (packet.ok) watch.#urgent(packet.value);
      }),
      await bus.subscribe('oona.telemetry', 'scenario', async ({ envelope }) => {
        const packet = decodeMessage('TelemetryPacket', envelope.payload);
        if (!packet.ok) return;
        count(watch.#telemetry, packet.value);
        watch.#telemetryBytes.push(envelope.payload.length);
        watch.#keepMetrics(packet.value);
      }),
      await bus.subscribe('oona.normal', 'scenario', async ({ envelope }) => {
        const report = decodeMessage('FieldReport', envelope.payload);
        if (report.ok) watch.#reportMs.push(watch.#nowMs() - report.value.issuedAtMs);
      }),
    );
    return watch;
  }

  /** How often an event was seen on the emergency stream. */
  emergencies(name: string): number {
    return this.#emergency[name] ?? 0;
  }

  /** How often an event was seen on either stream. */
  seen(name: string): number {
    return this.emergencies(name) + (this.#telemetry[name] ?? 0);
  }

  /** From the moment in a CRITICAL packet to its reader, milliseconds. */
  get emergencyMs(): readonly number[] {
    return this.#emergencyMs;
  }

  /** Sizes of the packets of the telemetry stream. */
  get telemetryBytes(): readonly number[] {
    return this.#telemetryBytes;
  }

  /** From a decision to its field report on the bus, milliseconds. */
  get reportMs(): readonly number[] {
    return this.#reportMs;
  }

  /** The values of a metric in the packets of the telemetry stream, in the order they came. */
  metric(name: string): readonly number[] {
    return this.#metrics.get(name) ?? [];
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) await subscription.close();
  }

  /** Only what the trainer measures: a host's packets have many metrics, and a long run many packets. */
  #keepMetrics({ metrics }: TelemetryPacket): void {
    for (const { name, value } of metrics) {
      if (!name.startsWith('tolaria.')) continue;
      const values = this.#metrics.get(name) ?? [];
      values.push(Number(value));
      this.#metrics.set(name, values);
    }
  }

  #urgent(packet: TelemetryPacket): void {
    count(this.#emergency, packet);
    this.#emergencyMs.push(this.#nowMs() - packet.timestampMs);
  }
}

function count(counts: Record<string, number>, { events }: TelemetryPacket): void {
  for (const { description } of events) counts[description] = (counts[description] ?? 0) + 1;
}
