import { join } from 'node:path';
import { type RedisServer, startRedis } from '@esper/testkit';
import { HostProcess } from '../../apps/tamiyo/test/drills/host-process.ts';
import { packetOf } from './open-host.ts';

/** Deadlines that never decide a benchmark; runs that are not shared, so that decisions have no business with Redis. */
const SETTINGS = {
  'sharing.runs': 'off',
  'inference.standbyCount': '0',
  'deadlines.inferenceMs': '2000',
  'deadlines.metadataMs': '2000',
  'deadlines.decisionMs': '10000',
};
const SECRET = 'a secret of the benchmark, long enough for any key';
const DRAINED_MS = 15_000;
const LOOK_MS = 50;

/** What decisions took, in milliseconds. */
export interface Taken {
  /** As the host measures it, validate to record. */
  readonly inside: number[];
  /** As its caller sees it, who also waits for an event loop that is busy. */
  readonly outside: number[];
}

/** One account of a host's emergency lane. */
export interface Alarms {
  readonly emitted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly queued: number;
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** A whole host in a process of its own, with a durable log and a Redis of its own that takes its telemetry. */
export class IsolationSite {
  readonly #host = new HostProcess();
  readonly #redis: RedisServer;
  readonly #run: string;
  #step = 0;

  private constructor(redis: RedisServer, run: string) {
    this.#redis = redis;
    this.#run = run;
  }

  static async open(folder: string, name: string): Promise<IsolationSite> {
    const redis = await startRedis();
    const site = new IsolationSite(redis, name);
    const environment = { REDIS_URL: redis.url, ESPER_LEYLINE_SECRET: SECRET };
    await site.#host.open(join(folder, name), SETTINGS, { environment });
    return site;
  }

  /** Decides the next packet. Rejects when it gets no command. */
  async decide(taken: Taken): Promise<void> {
    this.#step += 1;
    const packet = { ...packetOf(this.#step), trainingRunId: this.#run, packetId: `${this.#run}-${this.#step}` };
    const askedAt = performance.now();
    const reply = await this.#host.decide(this.#run, packet);
    const outsideMs = performance.now() - askedAt;
    if (reply.kind === 'gone') throw new Error(`the host of ${this.#run} ended: ${this.#host.broken ?? ''}`);
    if (!reply.value.ok) throw new Error(`${reply.value.code}: ${reply.value.message}`);
    taken.inside.push(reply.value.totalMs);
    taken.outside.push(outsideMs);
  }

  async alarm(): Promise<void> {
    await this.#host.alarm();
  }

  /** Nothing is answered any more, and connections stay open: a sink that hangs. */
  hang(): void {
    this.#redis.pause();
  }

  /** The sink answers again. Resolves when everything that had waited is delivered; rejects when that takes too long. */
  async recover(): Promise<void> {
    this.#redis.resume();
    const until = performance.now() + DRAINED_MS;
    while ((await this.waiting()) > 0) {
      if (performance.now() > until) throw new Error(`telemetry of ${this.#run} still waits after ${DRAINED_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Telemetry packets that wait, over all lanes. */
  async waiting(): Promise<number> {
    const { lanes } = await this.#sample();
    return Object.values(lanes).reduce((sum, { queued }) => sum + sumOf(queued), 0);
  }

  /** What became of CRITICAL telemetry. Rejects when the ledger does not balance. */
  async alarms(): Promise<Alarms> {
    const { lanes, ledgerExact } = await this.#sample();
    if (!ledgerExact) throw new Error(`the telemetry ledger of ${this.#run} does not balance`);
    const { emitted, deliveredAlone, deliveredInSummary, dropped, queued } = lanes.emergency;
    return { emitted, delivered: deliveredAlone + deliveredInSummary, dropped: sumOf(dropped), queued: sumOf(queued) };
  }

  async close(): Promise<void> {
    this.#redis.resume();
    await this.#host.close();
    await this.#redis.stop();
  }

  async #sample() {
    const sample = await this.#host.sample();
    if (sample.kind === 'gone') throw new Error(`the host of ${this.#run} ended`);
    return sample.value;
  }
}
