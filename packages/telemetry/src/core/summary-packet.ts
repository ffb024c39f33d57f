import type { TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import { LIMITS } from '@esper/leyline';
import type { LaneItem } from './lane-queue.js';
import { buildNoticePacket } from './notice-packet.js';
import { higherPriority, worstLevel } from './priority.js';

/** Packets that were held back by the rate limit. */
export interface SummaryFacts {
  readonly packetId: string;
  readonly timestampMs: number;
  /** At least one. */
  readonly items: readonly LaneItem[];
}

/** RT-12: one packet for many, as urgent as the most urgent. Names as many as fit, and counts all. */
export function buildSummaryPacket({ packetId, timestampMs, items }: SummaryFacts): TelemetryPacket {
  const levels = items.map(({ level }): TelemetryEvent => ({ description: '-', level, attributes: {} }));
  const level = worstLevel(levels);
  const names = namesThatFit(items.map((item) => item.packetId));
  const event: TelemetryEvent = {
    description: 'telemetry_summary',
    level,
    attributes: {
      count: `${items.length}`,
      packets: names.join(','),
      unnamed: `${items.length - names.length}`,
      events: headlines(items),
    },
  };
  return buildNoticePacket({
    packetId,
    timestampMs,
    events: [event],
    priority: items.map((item) => item.priority).reduce(higherPriority),
  });
}

function namesThatFit(names: readonly string[]): readonly string[] {
  let chars = 0;
  const fitting: string[] = [];
  for (const name of names) {
    chars += name.length + 1;
    if (chars > LIMITS.sentenceCharsMax) break;
    fitting.push(name);
  }
  return fitting;
}

/** `timeout_inference=5,loss_spike=2`, the most frequent first. */
function headlines(items: readonly LaneItem[]): string {
  const counts = new Map<string, number>();
  for (const { headline } of items) counts.set(headline, (counts.get(headline) ?? 0) + 1);
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return namesThatFit(sorted.map(([name, count]) => `${name}=${count}`)).join(',');
}
