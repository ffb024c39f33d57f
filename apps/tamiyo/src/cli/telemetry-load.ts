import { randomUUID } from 'node:crypto';
import { elapsedMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildNoticePacket, createTelemetry, type TelemetryJournal } from '@esper/telemetry';
import { systemTimers, uuidIds } from '@esper/telemetry/node';
import { TamiyoError } from '../errors.js';
import { EXIT } from './output.js';
import type { TelemetryTarget } from './telemetry-streams.js';
import { wholeNumber } from './whole-number.js';

const PRIORITIES = { low: 'LOW', normal: 'NORMAL', high: 'HIGH', critical: 'CRITICAL' } as const;
const LEVELS = { low: 'INFO', normal: 'INFO', high: 'WARNING', critical: 'CRITICAL' } as const;
const DRAIN_MS = 30_000;

/** CLI-06: packets through the same priority, lanes and bus as the host's, and the account of them. */
export async function loadRouting(
  { bus, kind, output }: TelemetryTarget,
  options: { readonly count: string; readonly rate: string; readonly priority: string; readonly perMinute: string },
): Promise<number> {
  const count = wholeNumber('--count', options.count, { least: 1, most: 10_000_000 });
  const rate = wholeNumber('--rate', options.rate, { least: 0, most: 1_000_000 });
  const emergencyPerMinuteMax = wholeNumber('--per-minute', options.perMinute, { least: 0, most: 1_000_000 });
  const word = wordIn(options.priority);
  const ports = { bus, journal: passingJournal(), clock: systemClock, timers: systemTimers, ids: uuidIds };
  const telemetry = await createTelemetry(ports, { emergencyPerMinuteMax });
  const runId = randomUUID().slice(0, 8);
  const from = systemClock.monoMs();
  let lastDurable: Promise<boolean> | undefined;
  for (let i = 1; i <= count; i += 1) {
    const events = [{ description: 'telemetry_load', level: LEVELS[word], attributes: { run: runId } }];
    const timestampMs = systemClock.wallMs();
    const { durable } = telemetry.emit(
      buildNoticePacket({ packetId: `load-${runId}-${i}`, timestampMs, events, priority: PRIORITIES[word] }),
    );
    lastDurable = durable;
    if (rate > 0) await untilMs((i * 1000) / rate, () => elapsedMs(from, systemClock.monoMs()));
  }
  // All are in their lanes, under the bound of the rate, before draining lifts it.
  await lastDurable;
  const drained = await telemetry.drain(DRAIN_MS);
  const durationMs = Math.round(elapsedMs(from, systemClock.monoMs()));
  const { lanes, exact } = telemetry.ledger();
  const succeeded = lanes.emergency.deliveredAlone + lanes.telemetry.deliveredAlone;
  const inSummaries = lanes.emergency.deliveredInSummary;
  const dropped = count - succeeded - inSummaries;
  const perSecond = Math.round((count * 1000) / Math.max(1, durationMs));
  const account = { attempted: count, succeeded, inSummaries, dropped, durationMs, perSecond, ledgerExact: exact };
  output.object({ ...account, left: drained.kept + drained.lost, bus: { kind, ...bus.counters() } });
  for (const [name, value] of Object.entries(account)) output.line(`${name.padEnd(12)} ${value}`);
  return dropped === 0 && exact ? EXIT.ok : EXIT.failure;
}

function wordIn(priority: string): keyof typeof PRIORITIES {
  if (Object.hasOwn(PRIORITIES, priority)) return priority as keyof typeof PRIORITIES;
  throw new TamiyoError('OPTION_INVALID', `--priority takes low, normal, high or critical, got ${priority}`);
}

async function untilMs(dueMs: number, nowMs: () => number): Promise<void> {
  const leftMs = dueMs - nowMs();
  if (leftMs > 0) await new Promise<void>((resolve) => systemTimers.after(leftMs, resolve, { keepsAlive: true }));
}

/** A load that is cut short has nothing that a next process should send. */
function passingJournal(): TelemetryJournal {
  const records = new Map<number, Uint8Array>();
  let last = 0;
  return {
    append: async (bytes) => {
      last += 1;
      records.set(last, bytes);
      return last;
    },
    read: async function* (afterPosition) {
      for (const [position, bytes] of records) if (position > afterPosition) yield { position, bytes };
    },
    forgetThrough: async (position) => {
      for (const known of records.keys()) if (known <= position) records.delete(known);
    },
  };
}
