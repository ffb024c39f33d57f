import { join } from 'node:path';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import {
  buildNoticePacket,
  createTelemetry,
  type LaneAccount,
  type Telemetry,
  type TelemetryBus,
} from '../../src/index.js';
import { systemTimers, uuidIds } from '../../src/node.js';
import { FileJournal } from './file-journal.js';
import type { OverloadFault } from './overload-faults.js';

/** What the parent is told. Ids are whole numbers; `acked` are CRITICAL packets whose `durable` resolved true. */
export type ChildMessage =
  | {
      readonly kind: 'progress';
      readonly emitted: number;
      readonly acked: readonly number[];
      readonly exact: boolean;
      readonly emitP99Ms: number;
    }
  | { readonly kind: 'recovered'; readonly ids: readonly number[]; readonly exact: boolean };

const [folder = '.', role = 'load', ratePerSecond = '20000', firstId = '0', fault] = process.argv.slice(2);
const planted = fault as OverloadFault | undefined;
const TICK_MS = 5;
const CRITICAL_EVERY = 3;

const send = (message: ChildMessage): void => void process.send?.(message);

/** The account, added up here once more: the flag of the ledger is what is being tested. */
function isExact({ emitted, recovered, deliveredAlone, deliveredInSummary, dropped, queued }: LaneAccount): boolean {
  const out = deliveredAlone + deliveredInSummary + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const left = planted === 'ledger-miscounts' && queued.memory > 0 ? queued.memory - 1 : queued.memory;
  return emitted + recovered === out + left + queued.disk + queued.writing + queued.inFlight;
}

function accountsOf(telemetry: Telemetry): boolean {
  const { lanes, exact } = telemetry.ledger();
  return exact && isExact(lanes.emergency) && isExact(lanes.telemetry);
}

async function load(): Promise<void> {
  const hung: TelemetryBus = {
    publish: () => (planted === 'sink-lies' ? Promise.resolve(ok(undefined)) : new Promise(() => undefined)),
  };
  const telemetry = await open(hung, planted === 'reader-skips' ? undefined : planted, 60_000);
  let id = Number(firstId);
  let acked: number[] = [];
  let timings: number[] = [];
  const perTick = Math.max(1, Math.round((Number(ratePerSecond) * TICK_MS) / 1000));
  const emitOne = (): void => {
    id += 1;
    const own = id;
    const priority = own % CRITICAL_EVERY === 0 ? 'CRITICAL' : own % 2 === 0 ? 'NORMAL' : 'LOW';
    const events = [
      {
        description: 'timeout_inference',
        level: 'CRITICAL',
        attributes: { reason: 'timeout_inference', packet_id: `${own}`, budget_ms: '5.0' },
      } as const,
    ];
    const packet = buildNoticePacket({ packetId: `${own}`, timestampMs: systemClock.wallMs(), events, priority });
    const from = systemClock.monoMs();
    const { durable } = telemetry.emit(packet);
    timings.push(systemClock.monoMs() - from);
    if (priority === 'CRITICAL') void durable.then((isDurable) => isDurable && acked.push(own));
  };
  setInterval(() => {
    for (let i = 0; i < perTick; i += 1) emitOne();
    timings.sort((a, b) => a - b);
    const emitP99Ms = timings[Math.floor(timings.length * 0.99)] ?? 0;
    send({ kind: 'progress', emitted: id, acked, exact: accountsOf(telemetry), emitP99Ms });
    acked = [];
    timings = [];
  }, TICK_MS);
}

async function recover(): Promise<void> {
  const ids = new Set<number>();
  const seen = new Set<string>();
  const bus: TelemetryBus = {
    publish: async (_stream, { messageId, payload, priority }) => {
      if (seen.has(messageId)) return ok(undefined);
      seen.add(messageId);
      // The id is the only text of the packet that is a whole number.
      const name = /"packet_id":"(\d+)"/.exec(jsonish(payload))?.[1];
      if (priority === 'CRITICAL' && name !== undefined) ids.add(Number(name));
      return ok(undefined);
    },
  };
  const telemetry = await open(bus, planted, 0);
  const isDone = (): boolean => {
    const { memory, disk, inFlight } = telemetry.ledger().lanes.emergency.queued;
    return memory + disk + inFlight === 0;
  };
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  const exact = accountsOf(telemetry);
  await telemetry.drain(1000);
  // A channel that is closed before a long message is written loses it.
  const message: ChildMessage = { kind: 'recovered', ids: [...ids], exact };
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  process.disconnect();
}

async function open(
  bus: TelemetryBus,
  journalFault: OverloadFault | undefined,
  emergencyPerMinuteMax: number,
): Promise<Telemetry> {
  const journal = await FileJournal.open(join(folder, 'telemetry.log'), journalFault);
  const ids = planted === 'constant-ids' ? { messageId: () => 'the-same' } : uuidIds;
  const ports = { bus, journal, clock: systemClock, timers: systemTimers, ids };
  return createTelemetry(ports, {
    emergencyBytesMax: 1024 * 1024,
    telemetryBytesMax: 1024 * 1024,
    emergencyPerMinuteMax,
  });
}

/** msgpack text stands in the bytes as it is: enough to find a number without decoding every packet. */
function jsonish(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString('latin1');
  const at = text.indexOf('packet_id');
  const length = (payload[at + 9] ?? 0xa0) - 0xa0;
  return `"packet_id":"${text.slice(at + 10, at + 10 + length)}"`;
}

await (role === 'load' ? load() : recover());
