import { BUS_STREAMS, type Bus } from '@esper/oona';
import type { MetricFamily } from '@esper/telemetry/prometheus';
import { hostFamily, hostValue } from './host-family.js';

/** What lies on the bus, and what was counted since it was opened. Groups choose their own names, so none is a label. */
export function busFamilies(bus: Pick<Bus, 'depth' | 'health' | 'counters'>): readonly MetricFamily[] {
  const depths = BUS_STREAMS.map((stream) => ({ labels: { stream }, depth: bus.depth(stream) }));
  const { published, refused, retried, deadLettered } = bus.counters();
  return [
    hostValue('tamiyo.bus.ready', Number(bus.health().status === 'ready')),
    hostFamily(
      'tamiyo.bus.entries',
      depths.map(({ labels, depth }) => ({ labels, value: depth.entries })),
    ),
    hostFamily(
      'tamiyo.bus.bytes',
      depths.map(({ labels, depth }) => ({ labels, value: depth.bytes })),
    ),
    hostFamily(
      'tamiyo.bus.unacknowledged',
      depths.map(({ labels, depth }) => ({ labels, value: Math.max(0, ...Object.values(depth.unacknowledged)) })),
    ),
    hostValue('tamiyo.bus.published_total', published),
    hostFamily(
      'tamiyo.bus.refused_total',
      Object.entries(refused).map(([code, value]) => ({ labels: { code }, value })),
    ),
    hostValue('tamiyo.bus.retried_total', retried),
    hostValue('tamiyo.bus.dead_lettered_total', deadLettered),
  ];
}
