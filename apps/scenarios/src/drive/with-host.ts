import { systemClock } from '@esper/std/node';
import type { LaneAccount, TelemetryLedger } from '@esper/telemetry';
import { finiteKpis, type Kpis } from '../core/kpi-table.js';
import { type Assertion, assertion } from '../core/outcome.js';
import type { HostSample } from '../core/recording.js';
import { quantile, slopeRatio } from '../core/statistics.js';
import { BusWatch } from './bus-watch.js';
import type { DrivenRun } from './drive-run.js';
import { startSampler } from './host-sampler.js';
import { type LogAccount, readLog } from './read-log.js';
import { openScenarioHost, type ScenarioHost } from './scenario-host.js';

/** How to open the host of a scenario. */
export interface HostPlan {
  readonly dataDir: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What a scenario works with while the host is open. */
export interface Watched extends ScenarioHost {
  readonly watch: BusWatch;
}

/** Everything known once the host is closed again. */
export interface Observed<T> {
  readonly found: T;
  readonly watch: BusWatch;
  readonly log: LogAccount;
  readonly samples: readonly HostSample[];
  readonly ledgerExact: boolean;
  readonly emergencyLane: LaneTotals;
  readonly hostKpis: Kpis;
  readonly seconds: number;
}

/** The account of the emergency lane: emitted = delivered + dropped + queued. */
export interface LaneTotals {
  readonly emitted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly queued: number;
}

const QUIET_MS = 5_000;

/** Opens a host, watches it from outside while `work` goes on, closes it, and reads its log back. */
export async function withHost<T>(plan: HostPlan, work: (at: Watched) => Promise<T>): Promise<Observed<T>> {
  const beganAt = performance.now();
  const opened = await openScenarioHost(plan.dataDir, plan.settings);
  const { host } = opened;
  const samples: HostSample[] = [];
  const watch = await BusWatch.on(host.bus, () => systemClock.wallMs());
  const queued = () =>
    Object.values(host.telemetry.ledger().lanes).reduce((sum, { queued: waiting }) => sum + sumOf(waiting), 0);
  const pending = () =>
    host
      .runIds()
      .slice(0, 64)
      .reduce((sum, id) => sum + (host.run(id)?.pending ?? 0), 0);
  const sampler = startSampler({ telemetryQueued: queued, pending }, (sample) => samples.push(sample));
  let found: T;
  let eventLoopDelayP99Ms: number;
  let ledger: TelemetryLedger;
  try {
    found = await work({ ...opened, watch });
    await untilQuiet(queued);
  } finally {
    eventLoopDelayP99Ms = sampler.stop().eventLoopDelayP99Ms;
    ledger = host.telemetry.ledger();
    await watch.close();
    // A fault that stayed to the end is not what keeps a host from closing.
    opened.disk.fault = undefined;
    await host.close();
  }
  const log = await readLog(plan.dataDir);
  const rss = samples.map(({ rssBytes }) => rssBytes);
  const hostKpis = finiteKpis({
    log_bytes: log.bytes,
    rss_bytes_max: Math.max(...rss),
    rss_slope_ratio: slopeRatio(rss),
    event_loop_delay_ms_p99: eventLoopDelayP99Ms,
    telemetry_queued_max: Math.max(0, ...samples.map(({ telemetryQueued }) => telemetryQueued)),
    emergency_delivery_ms_p95: quantile(watch.emergencyMs, 0.95),
    report_dispatch_ms_p95: quantile(watch.reportMs, 0.95),
    telemetry_bytes_p95: quantile(watch.telemetryBytes, 0.95),
    reused_sequences: log.reusedSequences,
  });
  const seconds = (performance.now() - beganAt) / 1000;
  const emergencyLane = totalsOf(ledger.lanes.emergency);
  return { found, watch, log, samples, ledgerExact: ledger.exact, emergencyLane, hostKpis, seconds };
}

/** Waits until telemetry has nothing queued, for a while: what is in flight belongs to the run. */
async function untilQuiet(queued: () => number): Promise<void> {
  const until = performance.now() + QUIET_MS;
  while (queued() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Promises that hold in every scenario, whatever goes wrong. */
export function alwaysPromised(
  runs: readonly DrivenRun[],
  { log, ledgerExact }: Observed<unknown>,
): readonly Assertion[] {
  const commands = runs.flatMap((run) => run.commands);
  const lost = commands.filter(({ identity }) => !log.commandIds.has(identity.commandId)).length;
  const applied = runs.reduce(
    (sum, { summary }) => sum + sumOf(summary.tally.applied) + sumOf(summary.tally.refused),
    0,
  );
  return [
    assertion('every delivered command stands in the log', lost === 0, `${lost} of ${commands.length} missing`),
    assertion('no sequence number was used twice', log.reusedSequences === 0, log.reusedSequences),
    assertion(
      'no withheld command was delivered',
      commands.every(({ identity }) => !log.withheld.has(identity.commandId)),
      log.withheld.size,
    ),
    assertion(
      'the trainer followed no command that the host had not delivered',
      applied <= commands.length,
      `${applied} followed, ${commands.length} delivered`,
    ),
    assertion('the telemetry ledger is exact', ledgerExact, String(ledgerExact)),
  ];
}

export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const totalsOf = ({ emitted, deliveredAlone, deliveredInSummary, dropped, queued }: LaneAccount): LaneTotals => ({
  emitted,
  delivered: deliveredAlone + deliveredInSummary,
  dropped: sumOf(dropped),
  queued: sumOf(queued),
});
