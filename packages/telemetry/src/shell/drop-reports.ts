import type { MessagePriority, TelemetryPacket } from '@esper/leyline';
import type { WallClock } from '@esper/std';
import type { DropReason } from '../core/ledger.js';
import { buildNoticePacket } from '../core/notice-packet.js';
import type { LossReporter, Timers } from '../ports.js';

/** What drop reports need. */
export interface DropReportParts {
  readonly clock: WallClock;
  readonly timers: Timers;
  readonly everyMs: number;
  readonly losses: LossReporter | undefined;
  emit(packet: TelemetryPacket): void;
}

/** Drops are events themselves: counted at once, told at most once in a while. */
export class DropReports {
  readonly #parts: DropReportParts;
  readonly #counts = new Map<string, number>();
  #criticalTotal = 0;
  #criticalSince = 0;
  #isTimed = false;
  #isClosed = false;

  constructor(parts: DropReportParts) {
    this.#parts = parts;
  }

  note(reason: DropReason, priority: MessagePriority): void {
    const key = `${priority.toLowerCase()}.${reason}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (priority === 'CRITICAL') this.#noteCritical(reason);
    if (this.#isTimed || this.#isClosed) return;
    this.#isTimed = true;
    this.#parts.timers.after(this.#parts.everyMs, () => this.#tell());
  }

  /** Tells nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  #noteCritical(reason: DropReason): void {
    this.#criticalTotal += 1;
    this.#criticalSince += 1;
    try {
      this.#parts.losses?.criticalLost(reason, this.#criticalTotal);
    } catch {
      // The last resort failed as well; the count stands in the ledger.
    }
  }

  #tell(): void {
    this.#isTimed = false;
    if (this.#counts.size === 0 || this.#isClosed) return;
    const attributes = Object.fromEntries([...this.#counts].map(([key, count]) => [key, `${count}`]));
    const isCritical = this.#criticalSince > 0;
    this.#counts.clear();
    this.#criticalSince = 0;
    const description = isCritical ? 'telemetry_critical_lost' : 'telemetry_dropped';
    const timestampMs = this.#parts.clock.wallMs();
    const level = isCritical ? 'CRITICAL' : 'WARNING';
    const packetId = `tamiyo-telemetry-drops-${timestampMs}`;
    this.#parts.emit(buildNoticePacket({ packetId, timestampMs, events: [{ description, level, attributes }] }));
  }
}
