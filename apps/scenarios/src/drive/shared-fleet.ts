import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '../adapters/redis-server.js';
import { quantile } from '../core/statistics.js';
import type { FleetResult } from './fleet.js';
import type { TrainerPackets } from './fleet-packet.js';
import { type LedgerSizes, measureLedger } from './ledger-sizes.js';
import { SharedHost } from './shared-host.js';
import type { RoundResult } from './shared-host-messages.js';

/** How the runs come to the hosts. */
export type Layout = 'one host' | 'two hosts' | 'two hosts, runs wander';

/** How one layout did, over all its hosts. */
export interface LayoutResult extends Omit<FleetResult, 'runs'> {
  readonly layout: Layout;
  readonly p99Ms: number;
}

/** Two hosts against one, on one Redis. */
export interface SharedFleet {
  readonly runs: number;
  readonly rounds: number;
  readonly cores: number;
  readonly layouts: readonly LayoutResult[];
  readonly redis: LedgerSizes;
}

export interface SharedFleetPlan {
  readonly dataDir: string;
  readonly packets: TrainerPackets;
  readonly runs: number;
  readonly rounds: number;
}

/** Packets under way at once, over all hosts: the same for one host and for two. */
const LANES = 8;
const LAYOUTS: readonly Layout[] = ['one host', 'two hosts', 'two hosts, runs wander'];

/**
 * The same runs on one of two hosts that share a Redis; on both, half of the runs each; and on both with every run going to the other
 * host after each decision. The three take turns, round by round and in changing order, once all hosts are warm: whatever disturbs one
 * disturbs the others. Both hosts are open all the time.
 */
export async function driveSharedFleet(plan: SharedFleetPlan): Promise<SharedFleet> {
  const redis = await startRedisServer(join(plan.dataDir, 'redis'));
  const hosts: SharedHost[] = [];
  try {
    for (const name of ['a', 'b']) {
      const { packets } = plan;
      hosts.push(await SharedHost.open({ dataDir: join(plan.dataDir, name), name, redisUrl: redis.url, packets }));
    }
    await new LayoutRounds('two hosts', 'warm', plan.runs).play(hosts, 0);
    const layouts = LAYOUTS.map((layout) => new LayoutRounds(layout, layout.replaceAll(/\W+/g, '-'), plan.runs));
    for (let round = 0; round < plan.rounds; round += 1)
      for (let turn = 0; turn < layouts.length; turn += 1)
        await layouts[(turn + round) % layouts.length]?.play(hosts, round);
    const sizes = await measureLedger(redis.url);
    const { runs, rounds } = plan;
    return { runs, rounds, cores: availableParallelism(), layouts: layouts.map((of) => of.result()), redis: sizes };
  } finally {
    await Promise.all(hosts.map((host) => host.close())).finally(() => redis.stop());
  }
}

/** Which host a run's packet of a round goes to. */
function hostOf(layout: Layout, run: number, round: number): 0 | 1 {
  if (layout === 'one host') return 0;
  return ((layout === 'two hosts' ? run : run + round) % 2) as 0 | 1;
}

/** The rounds of one layout, with runs of its own. */
class LayoutRounds {
  readonly #layout: Layout;
  readonly #runs: readonly string[];
  readonly #ms: number[] = [];
  readonly #last = new Map<string, number>();
  readonly #disordered = new Set<string>();
  #failed = 0;
  #seconds = 0;

  constructor(layout: Layout, name: string, runs: number) {
    this.#layout = layout;
    this.#runs = Array.from({ length: runs }, (_, run) => `${name}-${run}`);
  }

  /** A packet for each run. */
  async play(hosts: readonly SharedHost[], round: number): Promise<void> {
    const busy = this.#layout === 'one host' ? hosts.slice(0, 1) : hosts;
    const beganAt = performance.now();
    const played = await Promise.all(
      busy.map((host, at) => {
        const runs = this.#runs.filter((_, run) => hostOf(this.#layout, run, round) === at);
        return host.play({ runs, round, lanes: LANES / busy.length });
      }),
    );
    this.#seconds += (performance.now() - beganAt) / 1000;
    for (const result of played) this.#note(result);
  }

  result(): LayoutResult {
    return {
      layout: this.#layout,
      decisions: this.#ms.length,
      failed: this.#failed,
      disordered: this.#disordered.size,
      perSecond: this.#ms.length / this.#seconds,
      p50Ms: quantile(this.#ms, 0.5),
      p95Ms: quantile(this.#ms, 0.95),
      p99Ms: quantile(this.#ms, 0.99),
    };
  }

  #note({ ms, failed, sequences }: RoundResult): void {
    this.#ms.push(...ms);
    this.#failed += failed.length;
    for (const [run, sequence] of sequences) {
      if (sequence !== (this.#last.get(run) ?? 0) + 1) this.#disordered.add(run);
      this.#last.set(run, sequence);
    }
  }
}
