import type { RunOwnerCounts } from '@esper/run-ownership';
import type { MetricFamily } from '@esper/telemetry/prometheus';
import { hostValue } from './host-family.js';

const ALONE: RunOwnerCounts = { takenOver: 0, handedOver: 0, held: 0, repeated: 0, lost: 0, unavailable: 0 };

/** What was counted of runs shared with other hosts; all 0 for a host on its own. */
export function sharingFamilies(counts: RunOwnerCounts = ALONE): readonly MetricFamily[] {
  return [
    hostValue('tamiyo.sharing.taken_over_total', counts.takenOver),
    hostValue('tamiyo.sharing.handed_over_total', counts.handedOver),
    hostValue('tamiyo.sharing.held_total', counts.held),
    hostValue('tamiyo.sharing.repeated_total', counts.repeated),
    hostValue('tamiyo.sharing.lost_total', counts.lost),
    hostValue('tamiyo.sharing.unavailable_total', counts.unavailable),
  ];
}
