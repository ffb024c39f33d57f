import type { TelemetryPacket } from '@esper/leyline';
import type { TelemetryExporter } from '../ports.js';

/** Keeps every packet it is given. */
export class MemoryExporter implements TelemetryExporter {
  readonly name = 'memory';
  readonly packets: TelemetryPacket[] = [];

  export(packet: TelemetryPacket): void {
    this.packets.push(packet);
  }
}
