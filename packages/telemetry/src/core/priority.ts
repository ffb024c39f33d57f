import {
  MESSAGE_PRIORITIES,
  type MessagePriority,
  TELEMETRY_LEVELS,
  type TelemetryEvent,
  type TelemetryLevel,
} from '@esper/leyline';
import { isUrgent } from './event-table.js';

/**
 * The priority of a packet with these events (RT-01 to RT-03): any CRITICAL event makes it CRITICAL; an event marked
 * `urgent` in the catalogue makes it HIGH from WARNING on; otherwise NORMAL. Called once, where the packet is built.
 */
export function priorityOf(events: readonly TelemetryEvent[]): MessagePriority {
  if (events.some(({ level }) => level === 'CRITICAL')) return 'CRITICAL';
  return events.some(({ level, description }) => isAlarming(level) && isUrgent(description)) ? 'HIGH' : 'NORMAL';
}

const isAlarming = (level: TelemetryLevel): boolean => level === 'WARNING' || level === 'ERROR';

/** The level of the worst event, INFO when there is none. */
export function worstLevel(events: readonly TelemetryEvent[]): TelemetryLevel {
  let worst: TelemetryLevel = 'INFO';
  for (const { level } of events) if (TELEMETRY_LEVELS[level] > TELEMETRY_LEVELS[worst]) worst = level;
  return worst;
}

/** The more urgent of two. */
export const higherPriority = (a: MessagePriority, b: MessagePriority): MessagePriority =>
  MESSAGE_PRIORITIES[a] >= MESSAGE_PRIORITIES[b] ? a : b;

/** The indicator that older consumers read: `MESSAGE_PRIORITY_HIGH`. */
export const priorityIndicator = (priority: MessagePriority): string => `MESSAGE_PRIORITY_${priority}`;

/** Which lane carries a packet: HIGH and CRITICAL are emergencies, everything else is telemetry (RT-05). */
export type LaneName = 'emergency' | 'telemetry';

export const laneOf = (priority: MessagePriority): LaneName =>
  priority === 'HIGH' || priority === 'CRITICAL' ? 'emergency' : 'telemetry';
