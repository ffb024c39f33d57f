import { FakeClock, hasRedis, type RedisServer, SeededRandom, startRedis } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisLedger, type RedisLedgerOptions, type RunLedger, RunOwnershipError } from '../../src/index.js';
import { ledgerContract, MemoryLedger } from '../../src/testing.js';
import { connect, timers } from './set-up.js';

const HOUR_MS = 3_600_000;

describe.skipIf(!hasRedis())('a ledger on a real redis-server', () => {
  let server: RedisServer;
  let connection: Awaited<ReturnType<typeof connect>>;
  let made = 0;
  beforeAll(async () => {
    server = await startRedis();
    connection = await connect(server.port);
  });
  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  const open = (options: RedisLedgerOptions = {}): RunLedger => {
    made += 1;
    return createRedisLedger({ connection, timers }, { keyPrefix: `t${made}`, answerWithinMs: 20_000, ...options });
  };

  it.each(ledgerContract)('$name', ({ name, run }) => run(open(), name));

  it('the scripts say the same as the pure rules, on 4,000 random calls', async () => {
    const random = new SeededRandom(12);
    const pair = [open(), new MemoryLedger(new FakeClock())] as const;
    const tokens: number[] = [0];
    for (let call = 0; call < 4_000; call += 1) {
      const step = randomCall(random, tokens);
      const [onRedis, pure] = await Promise.all(pair.map((ledger) => step.on(ledger)));
      expect(shown(onRedis), `call ${call}: ${step.name}`).toEqual(shown(pure));
      const { token } = { token: 0, ...(onRedis as object) };
      if (token > 0) tokens.push(token);
    }
    expect(tokens.length).toBeGreaterThan(500);
  });

  it('what is kept has an end: unwritten runs, written runs, answers and the knowledge that there was one', async () => {
    const ledger = open({ answerKeepMs: 90_000 });
    const prefix = `t${made}`;
    const ask = { owner: 'a', token: 0, revision: 0, floor: 0, leaseMs: 1_000 };
    await ledger.enter('bare', ask);
    const answer = await ledger.enter('run', ask);
    if (answer.kind !== 'granted') throw new Error(answer.kind);
    const bytes = new Uint8Array([1]);
    const written = { token: answer.token, sequence: 1, state: bytes };
    await ledger.commit('run', { ...written, answer: { packetId: 'p', commandId: 'c', bytes } });
    const left = async (key: string) => Number(await connection.command(['PTTL', `${prefix}:${key}`]));
    const within = async (key: string, low: number, high: number) => {
      const ms = await left(key);
      expect([key, ms > low && ms <= high]).toEqual([key, true]);
    };
    await within('run:bare', 0, 60_000);
    await within('run:run', HOUR_MS, 30 * 24 * HOUR_MS);
    await within('answer:3:run/p', 60_000, 90_000);
    await within('answered:3:run/p', 150_000, 180_000);
    await connection.command(['DEL', `${prefix}:answer:3:run/p`]);
    expect(await ledger.enter('run', { ...ask, packetId: 'p' })).toEqual({ kind: 'expired' });
  });

  it('while Redis hangs a call is refused in time, by its own code; whatever it did shows afterwards', async () => {
    const other = await connect(server.port);
    const ledger = createRedisLedger({ connection: other, timers }, { keyPrefix: 'hung', answerWithinMs: 30 });
    server.pause();
    const ask = { owner: 'a', token: 0, revision: 0, floor: 0, leaseMs: 1_000 };
    await expect(ledger.enter('run', ask)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    server.resume();
    other.close();
    await expect(ledger.enter('run', ask)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });
});

describe.skipIf(!hasRedis())('a ledger whose redis-server is killed', () => {
  it('RT-19: SIGKILLed 10 times under writes: what was accepted is known to the next host, and no number is taken twice', async () => {
    const server = await startRedis();
    const random = new SeededRandom(31);
    const seen: Seen = { accepted: new Map(), twice: [], ends: [] };
    for (let kill = 0; kill < 10; kill += 1) {
      const connection = await connect(server.port);
      const ledger = createRedisLedger({ connection, timers }, { answerWithinMs: 20_000 });
      let left = random.int(5, 60);
      await new Promise<void>((done) => {
        const onWrite = () => {
          left -= 1;
          if (left === 0) server.kill().then(done);
        };
        for (const run of ['a', 'b', 'c', 'd'])
          writeOn({ ledger, run, seen, onWrite }).catch((cause: unknown) => seen.ends.push(codeOf(cause)));
      });
      connection.close();
      await server.start();
    }
    await server.stop();
    expect(seen.twice).toEqual([]);
    // Each writer ends with its connection, and for no other reason.
    expect(seen.ends).toEqual(Array.from({ length: 40 }, () => 'LEDGER_UNAVAILABLE'));
    expect([...seen.accepted.values()].reduce((sum, one) => sum + one, 0)).toBeGreaterThan(50);
  });
});

interface Seen {
  /** The newest number of each run of which the ledger said that it is taken. */
  readonly accepted: Map<string, number>;
  readonly twice: string[];
  /** Why each writer stopped. */
  readonly ends: string[];
}

const codeOf = (cause: unknown): string => (cause instanceof RunOwnershipError ? cause.code : String(cause));

/** Writes number after number, each as a host that comes new to the run and knows only what the ledger says. */
async function writeOn(to: {
  readonly ledger: RunLedger;
  readonly run: string;
  readonly seen: Seen;
  readonly onWrite: () => void;
}): Promise<never> {
  const { ledger, run, seen, onWrite } = to;
  for (let host = 0; ; host += 1) {
    const ask = { owner: `host-${host}`, token: 0, revision: 0, floor: 0, leaseMs: 0 };
    const held = await ledger.enter(run, ask);
    if (held.kind !== 'granted') throw new Error(held.kind);
    const sequence = held.sequence + 1;
    if (sequence <= (seen.accepted.get(run) ?? 0)) seen.twice.push(`${run} ${sequence}`);
    const { kind } = await ledger.commit(run, { token: held.token, sequence, state: new Uint8Array([1]) });
    if (kind === 'accepted') seen.accepted.set(run, sequence);
    onWrite();
  }
}

const shown = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? `bytes ${Buffer.from(one)}` : one)) ?? '0',
    fromBuffer,
  );

/** Buffers write themselves into JSON before a replacer sees them. */
const fromBuffer = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const { type, data, leftMs, ...rest } = value as Record<string, unknown>;
  if (type === 'Buffer') return `bytes ${Buffer.from(data as number[])}`;
  return leftMs === undefined ? value : rest;
};

/** One call with random arguments, tokens and revisions right more often than not. Leases last for ever or not at all. */
function randomCall(random: SeededRandom, tokens: readonly number[]) {
  const run = `run-${random.int(1, 4)}`;
  const owner = random.pick(['a', 'b', 'c']);
  const token = random.chance(0.7) ? (tokens.at(-random.int(1, Math.min(4, tokens.length))) ?? 0) : random.int(0, 5);
  const packetId = `p-${random.int(1, 300)}`;
  const sequence = random.chance(0.5) ? random.int(1, 400) : tokens.length;
  const state = new TextEncoder().encode(`state ${random.uint32()}`);
  const ask = {
    owner,
    token,
    revision: random.pick([0, 0, 0, 1, random.int(0, 200)]),
    floor: random.pick([0, 0, random.int(0, 50)]),
    leaseMs: random.pick([0, 0, HOUR_MS]),
    ...(random.chance(0.4) ? { packetId } : {}),
  };
  const commandId = `c-${sequence}`;
  const answer = { packetId, commandId, bytes: new TextEncoder().encode(`bytes ${sequence}`) };
  const calls: Readonly<Record<string, (ledger: RunLedger) => Promise<unknown>>> = {
    enter: (ledger) => ledger.enter(run, ask),
    commit: (ledger) => ledger.commit(run, { token, sequence, state, answer }),
    save: (ledger) => ledger.commit(run, { token, sequence, state }),
    release: (ledger) => ledger.release(run, token).then(() => 'done'),
    withdraw: (ledger) => ledger.withdraw(run, { packetId, commandId }),
    adopt: (ledger) => ledger.adopt(run, { state, sequence }),
  };
  const name = random.pick(['enter', 'enter', 'enter', 'commit', 'commit', 'save', 'release', 'withdraw', 'adopt']);
  return { name: `${name} ${run}`, on: calls[name] as (ledger: RunLedger) => Promise<unknown> };
}
