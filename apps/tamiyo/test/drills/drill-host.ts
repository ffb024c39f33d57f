import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '@esper/std/node';
import { buildRejectionPacket } from '@esper/telemetry';
import { type Host, openHost } from '../../src/compose.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { prepareDemoFiles } from '../../src/demo/demo-files.js';
import { plantFault, setupFault } from './host-faults.js';
import type { Answered, FromHost, HostSample, ToHost } from './host-messages.js';

/** A whole host in a process of its own, asked over its parent's channel. It ends with the parent, or is killed. */
const say = (message: FromHost): void => void process.send?.(message);
const delay = monitorEventLoopDelay({ resolution: 5 });
let host: Host | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToHost) => {
  answer(message).catch((cause: unknown) => say({ type: 'failed', message: textOf(cause) }));
});
say({ type: 'loaded' });

async function answer(message: ToHost): Promise<void> {
  switch (message.type) {
    case 'open':
      return open(message);
    case 'decide':
      return say({ type: 'answered', id: message.id, answer: await decided(message) });
    case 'operate': {
      const outcome = await opened().operate(message.action);
      return say({ type: 'ordered', id: message.id, ok: outcome.ok, message: outcome.ok ? '' : outcome.error.message });
    }
    case 'run':
      return say({ type: 'run', id: message.id, state: opened().run(message.run)?.state });
    case 'decision': {
      const view = await opened().decision(message.decisionId);
      const bytes = view?.record.kind === 'decision' ? view.record.bytes : undefined;
      return say({ type: 'decision', id: message.id, bytes, withheld: view?.withheld ?? false });
    }
    case 'sample':
      return say({ type: 'sample', id: message.id, sample: sampled() });
    case 'alarm':
      raiseAlarm(opened());
      return say({ type: 'alarmed', id: message.id });
    case 'close':
      await opened().close();
      return say({ type: 'closed', id: message.id });
  }
}

async function open({ dataDir, settings, environment, fault }: Extract<ToHost, { type: 'open' }>): Promise<void> {
  const from = performance.now();
  const files = await prepareDemoFiles(dataDir, { shape: { inputs: 256, width: 48, classes: 10 }, policySeed: 1 });
  const config = resolveConfig({ flags: { dataDir, ...settings } });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  host = await openHost({ config: config.value, keys: files.keys, environment, ...setupFault(fault) });
  plantFault(fault, host);
  delay.enable();
  const { issuerEpoch } = host;
  say({ type: 'opened', issuerEpoch, runs: host.runIds(), openMs: performance.now() - from });
}

function opened(): Host {
  if (host === undefined) throw new Error('the host is not open');
  return host;
}

async function decided({ run, packet }: Extract<ToHost, { type: 'decide' }>): Promise<Answered> {
  const outcome = await opened().decide(run, packet);
  if (!outcome.ok) return { ok: false, code: outcome.error.code, message: outcome.error.message };
  const { decisionId, identity, bytes, assessment, repeated, totalMs } = outcome.value;
  const { commandId, issuerEpoch, sequence } = identity;
  const { conservative } = assessment;
  return { ok: true, decisionId, commandId, issuerEpoch, sequence, bytes, conservative, repeated, totalMs };
}

/** CRITICAL telemetry: what is told when an executor refuses a command. */
function raiseAlarm({ telemetry }: Host): void {
  const timestampMs = systemClock.wallMs();
  telemetry.emit(buildRejectionPacket({ reason: 'invalid_signature', trainingRunId: 'drill', timestampMs }));
}

function sampled(): HostSample {
  const ledger = opened().telemetry.ledger();
  const stats = opened().fieldReports.stats();
  const eventLoopDelayMs = { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  return {
    rssBytes: process.memoryUsage.rss(),
    eventLoopDelayMs,
    ledgerExact: ledger.exact,
    lanes: ledger.lanes,
    emitted: Object.values(ledger.lanes).reduce((sum, lane) => sum + lane.emitted, 0),
    logRecords: opened().log.stats().lastSequence,
    reports: { pending: stats.pending, dropped: stats.droppedTotal },
  };
}

const textOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
