import { setTimeout as pause } from 'node:timers/promises';
import { buildPacket } from '@esper/testkit';
import type { FailoverLedger } from './failover-ledger.js';
import type { FailoverSite } from './failover-site.js';
import type { Answered } from './host-messages.js';

/** Between two steps of a run. */
const PACE_MS = 150;
/** A host that has not answered for so long is given up, and the same packet goes to the other. */
const PATIENCE_MS = 500;
const RETRY_MS = 25;
/** Answers that say what is to be said: the run's trainer goes on to its next step. */
const FINAL = new Set(['RUN_HELD', 'BREAKER_OPEN']);

/** Who answered a run's last packet, and when by this process's clock. */
export interface LastAnswer {
  readonly site: FailoverSite;
  readonly atMs: number;
}

/** One trainer a run: a packet after the other, to the host that answered last; to the other one when that does not. */
export class FailoverTrainers {
  readonly #sites: readonly [FailoverSite, FailoverSite];
  readonly #ledger: FailoverLedger;
  readonly #homes = new Map<string, number>();
  readonly #lastPackets = new Map<string, string>();
  readonly #lastAnswers = new Map<string, LastAnswer>();
  readonly #pending = new Set<Promise<unknown>>();
  readonly codes = new Map<string, number>();
  #isStopping = false;

  constructor(sites: readonly [FailoverSite, FailoverSite], ledger: FailoverLedger) {
    this.#sites = sites;
    this.#ledger = ledger;
  }

  /** Begins; the returned function ends it, and resolves when every trainer has stopped. */
  start(runs: readonly string[]): () => Promise<void> {
    const trainers = runs.map((run, at) => this.#train(run, at % 2));
    return async () => {
      this.#isStopping = true;
      await Promise.all(trainers);
    };
  }

  /** Half of the trainers talk to either host, as when they began. */
  spread(): void {
    [...this.#homes.keys()].forEach((run, at) => {
      this.#homes.set(run, at % 2);
    });
  }

  /** The runs whose trainers talk to this host now. */
  runsOf(site: FailoverSite): readonly string[] {
    return [...this.#homes].filter(([, home]) => this.#sites[home] === site).map(([run]) => run);
  }

  lastAnswer(run: string): LastAnswer | undefined {
    return this.#lastAnswers.get(run);
  }

  /** The last packet of a run that got a command. */
  lastPacket(run: string): string | undefined {
    return this.#lastPackets.get(run);
  }

  /** Resolves when hosts have answered, or ended under, everything that trainers have given up waiting for. */
  async abandonedSettled(withinMs: number): Promise<void> {
    const all = Promise.allSettled([...this.#pending]);
    await Promise.race([all, pause(withinMs, undefined, { ref: false })]);
  }

  async ask(site: FailoverSite, run: string, packetId: string): Promise<Answered | 'silent' | 'gone'> {
    const { host } = site;
    if (host === undefined) return 'gone';
    const packet = buildPacket({ trainingRunId: run, packetId, globalStep: 1, validationLoss: 0.75 });
    const asked = host.decide(run, packet).then((reply) => {
      if (reply.kind === 'gone') return 'gone';
      // Also when nobody waits any more: what arrives late has arrived.
      if (reply.value.ok) this.#ledger.received(run, packetId, { host: site.name, command: reply.value });
      else this.codes.set(reply.value.code, (this.codes.get(reply.value.code) ?? 0) + 1);
      return reply.value;
    });
    this.#pending.add(asked);
    void asked.finally(() => this.#pending.delete(asked));
    const patience = new AbortController();
    const silence = pause(PATIENCE_MS, 'silent' as const, { signal: patience.signal }).catch(() => 'silent' as const);
    return Promise.race([asked, silence]).finally(() => patience.abort());
  }

  async #train(run: string, home: number): Promise<void> {
    this.#homes.set(run, home);
    for (let step = 1; !this.#isStopping; step += 1) {
      await this.#step(run, `${run}-${step}`);
      await pause(PACE_MS);
    }
  }

  async #step(run: string, packetId: string): Promise<void> {
    while (!this.#isStopping) {
      const home = this.#homes.get(run) ?? 0;
      const site = this.#sites[home] as FailoverSite;
      const reply = await this.ask(site, run, packetId);
      if (typeof reply !== 'string' && (reply.ok || FINAL.has(reply.code))) {
        if (reply.ok) this.#lastPackets.set(run, packetId);
        this.#lastAnswers.set(run, { site, atMs: performance.now() });
        return;
      }
      // Busy there means that the run is in good hands; every other way of not answering sends the trainer to the other host.
      const isBusy = typeof reply !== 'string' && reply.code === 'RUN_ELSEWHERE';
      if (!isBusy) this.#homes.set(run, 1 - home);
      await pause(RETRY_MS);
    }
  }
}
