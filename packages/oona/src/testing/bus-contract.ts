import type { BusEnvelope } from '@esper/leyline';
import type { Bus, BusStream, Delivery } from '../ports.js';

/** What an adapter lends to its contract suite. Every call of `open` answers with a bus on an empty store. */
export interface BusContractPorts {
  open(): Promise<Bus>;
  /** Ends the bus as a crash would, without closing it, and opens another on the same store. */
  reopen(crashed: Bus): Promise<Bus>;
  /** Lets time pass until `isTrue`; rejects when it does not come true. */
  until(isTrue: () => boolean): Promise<void>;
}

/** One promise of the bus. `run` rejects when it is broken. */
export interface ContractCase {
  readonly name: string;
  run(ports: BusContractPorts): Promise<void>;
}

/** What every adapter keeps, as cases for any test runner. */
export const busContract: readonly ContractCase[] = [
  { name: 'delivers what was published, unchanged, in order', run: inOrder },
  { name: 'every group gets every message; within a group each message goes once', run: everyGroup },
  { name: 'D-04: an emergency message leaves later messages on their own streams', run: noDiversion },
  { name: 'a message published before its group exists is delivered when the group comes', run: lateGroup },
  {
    name: 'what a crash leaves unacknowledged is delivered again, what was acknowledged and closed is not',
    run: afterCrash,
  },
  { name: 'a handler that fails gets the message again, and later messages wait for it', run: retries },
  { name: 'a message that always fails goes to the dead letters and the next one is delivered', run: poison },
  { name: 'the same message id is taken once', run: duplicates },
  { name: 'an unknown stream, the dead letters and an invalid envelope are refused by code', run: refusals },
  { name: 'a group has one subscriber, and the next one goes on where it stopped', run: oneSubscriber },
  { name: 'depth tells what each group has not acknowledged; a dropped group holds nothing back', run: depth },
  { name: 'after closing nothing is taken, and closing twice is closing once', run: closed },
];

/** A valid envelope for tests. */
export const contractEnvelope = (messageId: string, text = messageId): BusEnvelope => ({
  version: 1,
  messageType: 'TELEMETRY',
  messageId,
  priority: 'NORMAL',
  sentAtMs: 1_700_000_000_000,
  payload: new TextEncoder().encode(text),
  attributes: { run: 'run-1' },
});

const TELEMETRY: BusStream = 'oona.telemetry';

async function inOrder(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const seen: Delivery[] = [];
  await bus.subscribe(TELEMETRY, 'g', collect(seen));
  const ids = Array.from({ length: 50 }, (_, i) => `m-${i}`);
  const results = await Promise.all(ids.map((id) => bus.publish(TELEMETRY, contractEnvelope(id))));
  check(
    results.every((result) => result.ok),
    'every publish is taken',
  );
  await ports.until(() => seen.length >= ids.length);
  same(idsOf(seen), ids, 'ids in order');
  same(seen[7]?.envelope, contractEnvelope('m-7'), 'an unchanged envelope');
  check(
    seen.every(({ attempt }) => attempt === 1),
    'first attempts',
  );
  await bus.close();
}

async function everyGroup(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const a: Delivery[] = [];
  const b: Delivery[] = [];
  await bus.subscribe(TELEMETRY, 'a', collect(a));
  await bus.subscribe(TELEMETRY, 'b', collect(b));
  await publishAll(bus, ['1', '2', '3']);
  await ports.until(() => a.length >= 3 && b.length >= 3);
  same(idsOf(a), ['1', '2', '3'], 'group a');
  same(idsOf(b), ['1', '2', '3'], 'group b');
  await bus.close();
}

async function noDiversion(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const normal: Delivery[] = [];
  const emergency: Delivery[] = [];
  await bus.subscribe('oona.normal', 'g', collect(normal));
  await bus.subscribe('oona.emergency', 'g', collect(emergency));
  await bus.publish('oona.emergency', { ...contractEnvelope('alarm'), priority: 'CRITICAL' });
  for (const id of ['1', '2', '3']) await bus.publish('oona.normal', contractEnvelope(id));
  await ports.until(() => normal.length >= 3 && emergency.length >= 1);
  same(idsOf(emergency), ['alarm'], 'the emergency stream');
  same(idsOf(normal), ['1', '2', '3'], 'the normal stream');
  await bus.close();
}

async function lateGroup(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  await publishAll(bus, ['early']);
  const seen: Delivery[] = [];
  await bus.subscribe(TELEMETRY, 'late', collect(seen));
  await ports.until(() => seen.length >= 1);
  same(idsOf(seen), ['early'], 'the early message');
  await bus.close();
}

async function afterCrash(ports: BusContractPorts): Promise<void> {
  const first = await ports.open();
  const seen: Delivery[] = [];
  const subscription = await first.subscribe(TELEMETRY, 'g', collect(seen));
  await publishAll(first, ['done']);
  await ports.until(() => seen.length >= 1);
  await subscription.close();
  await publishAll(first, ['left-1', 'left-2']);
  const second = await ports.reopen(first);
  const again: Delivery[] = [];
  await second.subscribe(TELEMETRY, 'g', collect(again));
  await ports.until(() => idsOf(again).includes('left-2'));
  // An acknowledgement may be lost with the process; a message may not.
  same(
    idsOf(again).filter((id) => id !== 'done'),
    ['left-1', 'left-2'],
    'the unacknowledged messages',
  );
  await second.close();
}

async function retries(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const seen: string[] = [];
  await bus.subscribe(TELEMETRY, 'g', async ({ envelope, attempt }) => {
    seen.push(`${envelope.messageId}/${attempt}`);
    if (envelope.messageId === 'flaky' && attempt < 3) throw new Error('not yet');
  });
  await publishAll(bus, ['flaky', 'next']);
  await ports.until(() => seen.includes('next/1'));
  same(seen, ['flaky/1', 'flaky/2', 'flaky/3', 'next/1'], 'attempts');
  await bus.close();
}

async function poison(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const seen: string[] = [];
  const dead: Delivery[] = [];
  await bus.subscribe(TELEMETRY, 'g', async ({ envelope }) => {
    if (envelope.messageId === 'poison') throw new Error('always');
    seen.push(envelope.messageId);
  });
  await bus.subscribe('oona.deadletter', 'operator', collect(dead));
  await publishAll(bus, ['poison', 'good']);
  await ports.until(() => seen.length >= 1 && dead.length >= 1);
  same(seen, ['good'], 'the message after the poison');
  const attributes = dead[0]?.envelope.attributes ?? {};
  same(
    [attributes['origin_stream'], attributes['group'], attributes['run']],
    [TELEMETRY, 'g', 'run-1'],
    'where it came from',
  );
  check(bus.counters().deadLettered === 1, 'dead letters are counted');
  await bus.close();
}

async function duplicates(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const seen: Delivery[] = [];
  await bus.subscribe(TELEMETRY, 'g', collect(seen));
  const results = await Promise.all(['x', 'x', 'y'].map((id) => bus.publish(TELEMETRY, contractEnvelope(id))));
  same(
    results.map((result) => result.ok && result.value.duplicate),
    [false, true, false],
    'duplicates named',
  );
  await ports.until(() => seen.length >= 2);
  same(idsOf(seen), ['x', 'y'], 'one of each');
  await bus.close();
}

async function refusals(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const unknown = await bus.publish('oona.kernels' as BusStream, contractEnvelope('1'));
  same(!unknown.ok && unknown.error.code, 'OONA_UNKNOWN_STREAM', 'an unknown stream');
  const dead = await bus.publish('oona.deadletter', contractEnvelope('1'));
  same(!dead.ok && dead.error.code, 'OONA_UNKNOWN_STREAM', 'the dead letters');
  const invalid = await bus.publish(TELEMETRY, { ...contractEnvelope('1'), messageId: '' });
  same(
    !invalid.ok && [invalid.error.code, invalid.error.retryable],
    ['OONA_ENVELOPE_INVALID', false],
    'an invalid envelope',
  );
  check(bus.counters().published === 0, 'nothing was published');
  await bus.close();
}

async function oneSubscriber(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const first: Delivery[] = [];
  const second: Delivery[] = [];
  const subscription = await bus.subscribe(TELEMETRY, 'g', collect(first));
  const refused = await bus.subscribe(TELEMETRY, 'g', collect(second)).then(
    () => 'taken',
    (error: { readonly code?: string }) => error.code,
  );
  same(refused, 'OONA_GROUP_BUSY', 'a second subscriber');
  await publishAll(bus, ['1']);
  await ports.until(() => first.length >= 1);
  await subscription.close();
  await publishAll(bus, ['2']);
  await bus.subscribe(TELEMETRY, 'g', collect(second));
  await ports.until(() => second.length >= 1);
  same([idsOf(first), idsOf(second)], [['1'], ['2']], 'each message once');
  await bus.close();
}

async function depth(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  const seen: Delivery[] = [];
  const idle = await bus.subscribe(TELEMETRY, 'idle', collect([]));
  await idle.close();
  await bus.subscribe(TELEMETRY, 'busy', collect(seen));
  await publishAll(bus, ['1', '2']);
  // An adapter that has to ask shows what it saw last.
  const waiting = (group: string): number | undefined => bus.depth(TELEMETRY).unacknowledged[group];
  await ports.until(() => waiting('busy') === 0 && waiting('idle') === 2 && seen.length >= 2);
  same(bus.depth(TELEMETRY).unacknowledged, { busy: 0, idle: 2 }, 'unacknowledged by group');
  check(bus.depth(TELEMETRY).bytes > 0, 'bytes are counted');
  await bus.dropGroup(TELEMETRY, 'idle');
  same(bus.depth(TELEMETRY).entries, 0, 'entries once the idle group is dropped');
  await bus.close();
}

async function closed(ports: BusContractPorts): Promise<void> {
  const bus = await ports.open();
  same(bus.health(), { status: 'ready', reason: '' }, 'health before');
  await bus.close();
  await bus.close();
  same(bus.health().status, 'closed', 'health after');
  const late = await bus.publish(TELEMETRY, contractEnvelope('late'));
  same(!late.ok && late.error.code, 'OONA_CLOSED', 'a late publish');
}

async function publishAll(bus: Bus, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const result = await bus.publish(TELEMETRY, contractEnvelope(id));
    check(result.ok, `${id} is taken`);
  }
}

const collect =
  (into: Delivery[]) =>
  async (delivery: Delivery): Promise<void> => {
    into.push(delivery);
  };

const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ envelope }) => envelope.messageId);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`broken promise: ${what}`);
}

function same(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found, sorted), JSON.stringify(expected, sorted)];
  if (left !== right) throw new Error(`broken promise: ${what}: expected ${right}, found ${left}`);
}

/** Key order is no promise of a bus. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
