import { MESSAGE_PRIORITIES, type MessagePriority, TELEMETRY_LEVELS, type TelemetryPacket } from '@esper/leyline';

const PREFIX = 'MESSAGE_PRIORITY_';

/**
 * How urgent a supervisor takes a packet to be: what its indicator says; without one that can be read, HIGH from WARNING on
 * (RT-16), else NORMAL.
 */
export function supervisedPriority({ health, level }: TelemetryPacket): MessagePriority {
  const word = health.indicators['priority'] ?? '';
  const name = word.startsWith(PREFIX) ? word.slice(PREFIX.length) : '';
  if (Object.hasOwn(MESSAGE_PRIORITIES, name) && name !== 'UNSPECIFIED') return name as MessagePriority;
  return TELEMETRY_LEVELS[level] >= TELEMETRY_LEVELS.WARNING ? 'HIGH' : 'NORMAL';
}
