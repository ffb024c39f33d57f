import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { runDrill } from '../tools/drill/drill.ts';
import type { HttpAsker } from './host-parts/http-asker.ts';
import { feedsFor, packetOf, type Served, serveAt, spread } from './host-parts/open-host.ts';
import { BareFile } from './wal-parts/bare-file.ts';
import { round, timed } from './wal-parts/timing.ts';

/**
 * `pnpm bench decision`: the whole decision, validate to record, durable and not, asked for in the process and over HTTP (loopback TCP
 * and a Unix socket, client and server in this one process), beside bare inference and bare write + fdatasync of as many bytes, all in
 * turn in one run. `addedMs` is what is left of the median when the two bare ones are taken off; under `tcp` and `socket`, what HTTP adds.
 */
const ROUNDS_PER_SECOND = 20;
const WARM_UP = 40;
/** A recorded decision, about. */
const RECORD_BYTES = 13_000;
/** The seed's budget. */
const P95_MS_MAX = 45;

type Work = () => Promise<unknown>;

/** Runs all in turn, `rounds` times behind the warm-up: each goes first, second … and last as often as the others. */
async function inTurn<Name extends string>(works: Readonly<Record<Name, Work>>, rounds: number) {
  const names = Object.keys(works) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let at = 0; at < WARM_UP + rounds; at += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + at) % names.length] as Name;
      const ms = await timed(works[name]);
      if (at >= WARM_UP) taken[name].push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, spread(taken[name])])) as Record<
    Name,
    ReturnType<typeof spread>
  >;
}

async function measure(folder: string, rounds: number) {
  const durable = await serveAt(folder, 'durable');
  const written = await serveAt(folder, 'written');
  const bare = new BareFile(join(folder, 'bare'));
  const bytes = new SeededRandom(1).bytes(RECORD_BYTES);
  const policy = durable.host.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const inference = policy.value.host;
  const feeds = await feedsFor(durable.host);
  const failed: string[] = [];
  let step = 0;
  // Each decision is of a packet of its own: the same one again would only be looked up.
  const nextPacket = () => {
    step += 1;
    return packetOf(step);
  };
  const decide = async ({ host }: Served): Promise<void> => {
    const outcome = await host.decide('run-1', nextPacket());
    if (!outcome.ok) failed.push(outcome.error.code);
  };
  const ask = async (over: HttpAsker): Promise<void> => {
    const status = await over.ask(nextPacket());
    if (status !== 200) failed.push(`status ${status}`);
  };
  const works = {
    durable: () => decide(durable),
    written: () => decide(written),
    tcpDurable: () => ask(durable.tcp),
    tcpWritten: () => ask(written.tcp),
    socketDurable: () => ask(durable.socket),
    socketWritten: () => ask(written.socket),
    bareInference: async () => {
      const reply = await inference.infer(feeds, 1000);
      if (!reply.ok) failed.push(reply.error.code);
    },
    bareFdatasync: () => bare.append(bytes),
  };
  try {
    return { figures: await inTurn(works, rounds), failed };
  } finally {
    bare.close();
    await Promise.all([durable.close(), written.close()]);
  }
}

await runDrill({ name: 'bench decision', defaultBudgetMs: 30_000 }, async ({ budgetMs, count, assert: judged }) => {
  const folder = await tempFolder();
  const rounds = count ?? Math.ceil((budgetMs / 1000) * ROUNDS_PER_SECOND);
  const { figures, failed } = await measure(folder.path, rounds).finally(() => folder.remove());
  const { durable, written, bareInference, bareFdatasync } = figures;
  const over = (overDurable: typeof durable, overWritten: typeof written) => ({
    durable: overDurable,
    written: overWritten,
    addedMs: round(overDurable.p50 - durable.p50),
  });
  const json = {
    rounds,
    failed: failed.length,
    durable,
    written,
    bareInference,
    bareFdatasync,
    addedMs: round(durable.p50 - bareInference.p50 - bareFdatasync.p50),
    tcp: over(figures.tcpDurable, figures.tcpWritten),
    socket: over(figures.socketDurable, figures.socketWritten),
  };
  const slow = judged && !(durable.p95 < P95_MS_MAX);
  const failures = [
    ...(failed.length > 0 ? [`${failed.length} calls failed: ${[...new Set(failed)].join(', ')}`] : []),
    ...(slow ? [`p95 is ${durable.p95} ms, below ${P95_MS_MAX} is wanted`] : []),
  ];
  return { json, failures };
});
