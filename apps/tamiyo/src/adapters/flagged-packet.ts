import type { TelemetryPacket } from '@esper/leyline';
import type { FlagId } from '../config/flags.js';

/** The flag whose every packet must say so: it changes what a timeout means. */
const LOUD: FlagId = 'FF-01';

/** A packet that names the flags in force; with FF-01 on, each packet says so as an event too. */
export function flagged(packet: TelemetryPacket, active: readonly FlagId[]): TelemetryPacket {
  if (active.length === 0) return packet;
  const health = { ...packet.health, indicators: { ...packet.health.indicators, flags: active.join(',') } };
  if (!active.includes(LOUD)) return { ...packet, health };
  const event = { description: 'flag_active', level: 'WARNING', attributes: { flag: LOUD } } as const;
  return { ...packet, health, events: [...packet.events, event] };
}
