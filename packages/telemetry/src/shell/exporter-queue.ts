import type { TelemetryPacket } from '@esper/leyline';
import { Fifo } from '../core/fifo.js';
import type { TelemetryExporter } from '../ports.js';

/** Feeds one exporter, one packet at a time. What it throws, rejects or never answers stays here. */
export class ExporterQueue {
  readonly #exporter: TelemetryExporter;
  readonly #queueMax: number;
  readonly #waiting = new Fifo<TelemetryPacket>();
  #isBusy = false;
  #failures = 0;

  constructor(exporter: TelemetryExporter, queueMax: number) {
    this.#exporter = exporter;
    this.#queueMax = queueMax;
  }

  /** Exports that failed, and packets the exporter missed because it was behind. */
  get failureCount(): number {
    return this.#failures;
  }

  offer(packet: TelemetryPacket): void {
    if (this.#waiting.length >= this.#queueMax) {
      this.#failures += 1;
      return;
    }
    this.#waiting.push(packet);
    if (this.#isBusy) return;
    this.#isBusy = true;
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let packet = this.#waiting.shift(); packet !== undefined; packet = this.#waiting.shift()) {
      try {
        await this.#exporter.export(packet);
      } catch {
        // Counted, and nobody's business here: an exporter changes nothing.
        this.#failures += 1;
      }
    }
    this.#isBusy = false;
  }
}
