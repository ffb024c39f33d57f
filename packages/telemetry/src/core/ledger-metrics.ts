import type { MetricPoint } from '@esper/leyline';
import { DROP_REASONS, type LaneAccount } from './ledger.js';
import { point } from './metric-point.js';
import type { LaneName } from './priority.js';

/** The account of both lanes as metrics, so that it can be checked from outside. */
export function ledgerMetrics(accounts: Readonly<Record<LaneName, LaneAccount>>): readonly MetricPoint[] {
  return (Object.keys(accounts) as LaneName[]).flatMap((lane) => laneMetrics(lane, accounts[lane]));
}

function laneMetrics(lane: LaneName, account: LaneAccount): readonly MetricPoint[] {
  const { memory, disk, writing, inFlight } = account.queued;
  return [
    point('tamiyo.telemetry.emitted_total', account.emitted + account.recovered, { lane }),
    point('tamiyo.telemetry.delivered_total', account.deliveredAlone, { lane, how: 'alone' }),
    point('tamiyo.telemetry.delivered_total', account.deliveredInSummary, { lane, how: 'summary' }),
    ...DROP_REASONS.map((reason) => point('tamiyo.telemetry.dropped_total', account.dropped[reason], { lane, reason })),
    point('tamiyo.telemetry.queued', memory + disk + writing + inFlight, { lane }),
    point('tamiyo.telemetry.queued_bytes', account.queuedBytes, { lane }),
    point('tamiyo.telemetry.blind_ms', account.blindMs, { lane }),
  ];
}
