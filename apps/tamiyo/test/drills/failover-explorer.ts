import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom, startRedis, tempFolder } from '@esper/testkit';
import type { OperatorAction, OperatorActionKind } from '../../src/host/operator-action.js';
import { LateWriteChecks, type LateWrites } from './failover-late-writes.js';
import { FailoverLedger } from './failover-ledger.js';
import { ANY_DECISION } from './failover-proxy.js';
import { type FailoverSabotage, rewritesOf } from './failover-sabotages.js';
import { FailoverSite } from './failover-site.js';
import { FailoverTrainers } from './failover-trainers.js';
import { brokenBy, type Expected } from './kill-ledger.js';

/** What happens to one of the two hosts, in turn. */
const FAULTS = ['killed', 'frozen', 'cutOff'] as const;
type Fault = (typeof FAULTS)[number];

export interface FailoverPlan {
  readonly seed: number;
  readonly count: number;
  readonly runs: number;
  readonly leaseMs: number;
  /** A run that has not moved after so long is given up, and the drill with it. */
  readonly waitMs: number;
  readonly sabotage?: FailoverSabotage;
  /** The fault to begin with. */
  readonly first?: Fault;
  /** No faults: only writes that the network keeps, without trainers. */
  readonly onlyLateWrites?: boolean;
}

/** What was found. */
export interface FailoverTotals extends LateWrites {
  readonly runs: number;
  readonly hostsKilled: number;
  readonly frozen: number;
  readonly cutOff: number;
  readonly commands: number;
  readonly commandsTwice: number;
  readonly sequenceRegressions: number;
  readonly epochsNotRising: number;
  readonly modeLost: number;
  readonly breakersLost: number;
  /** Packets sent again after a take-over that did not get the bytes they got before. */
  readonly repeatsWrong: number;
  /** Runs that the other host did not answer for in the time that the drill waits. */
  readonly unmoved: number;
  /** Commands of hosts that woke up late, refused by the ledger. */
  readonly lateRefused: number;
  /** The time from each fault to the other host's first answer, run by run. */
  readonly takeoversMs: readonly number[];
}

/** What the first runs are ordered, and what must still be so wherever they are. */
const ORDERS: readonly (readonly [OperatorActionKind, Partial<Expected>])[] = [
  ['conservative_set', { mode: 'on' }],
  ['hold', { hold: true }],
  ['breaker_open', { breaker: 'forced_open' }],
];
const UNORDERED: Expected = { mode: 'any', hold: false, breaker: 'automatic', lastSequence: 0 };
const REPEATS_MAX = 5;
const LATE_MS = 20_000;

/** Two hosts, one Redis: what must hold when one of them is killed, frozen beyond its lease, or cut off. */
export async function exploreFailovers(plan: FailoverPlan): Promise<FailoverTotals> {
  const folder = await tempFolder();
  const redis = await startRedis();
  const given = { folder: folder.path, redis, leaseMs: plan.leaseMs, rewrites: rewritesOf(plan.sabotage) };
  const sites = [new FailoverSite('a', given), new FailoverSite('b', given)] as const;
  try {
    await Promise.all(sites.map((site) => site.start()));
    return await new FailoverExplorer(plan, sites).run();
  } finally {
    await Promise.all(sites.map((site) => site.end()));
    await redis.stop();
    await folder.remove();
  }
}

class FailoverExplorer {
  readonly #plan: FailoverPlan;
  readonly #sites: readonly [FailoverSite, FailoverSite];
  readonly #random: SeededRandom;
  readonly #ledger = new FailoverLedger();
  readonly #trainers: FailoverTrainers;
  readonly #lateWrites: LateWriteChecks;
  readonly #runs: readonly string[];
  readonly #done = { killed: 0, frozen: 0, cutOff: 0 };
  readonly #found = { modeLost: 0, breakersLost: 0, repeatsWrong: 0, unmoved: 0 };
  readonly #takeoversMs: number[] = [];

  constructor(plan: FailoverPlan, sites: readonly [FailoverSite, FailoverSite]) {
    this.#plan = plan;
    this.#sites = sites;
    this.#random = new SeededRandom(plan.seed);
    this.#trainers = new FailoverTrainers(sites, this.#ledger);
    this.#lateWrites = new LateWriteChecks(this.#trainers, plan.waitMs);
    this.#runs = Array.from({ length: plan.runs }, (_, at) => `run-${at}`);
  }

  async run(): Promise<FailoverTotals> {
    if (this.#plan.onlyLateWrites === true) {
      await this.#lateWrites.check(...this.#sites);
      return this.#totals();
    }
    await this.#orderFirst();
    const stop = this.#trainers.start(this.#runs);
    const first = FAULTS.indexOf(this.#plan.first ?? 'killed');
    for (let at = 0; at < this.#plan.count && this.#found.unmoved === 0; at += 1) {
      const victim = this.#sites[this.#random.int(0, 1)] as FailoverSite;
      const fault = FAULTS[(first + at) % FAULTS.length] ?? 'killed';
      if (fault === 'killed') await victim.prepare();
      this.#trainers.spread();
      await this.#answeredSince(performance.now(), this.#runs);
      await this.#suffer(fault, victim);
    }
    await stop();
    await this.#trainers.abandonedSettled(LATE_MS);
    return this.#totals();
  }

  /** One fault, from before it to when the host is back. */
  async #suffer(fault: Fault, victim: FailoverSite): Promise<void> {
    const other = this.#sites[0] === victim ? this.#sites[1] : this.#sites[0];
    await pause(this.#random.int(0, 200));
    await this.#strike(fault, victim);
    this.#done[fault] += 1;
    await this.#movedTo(other, this.#trainers.runsOf(victim));
    await this.#checkOrders(other);
    await this.#sendAgain(other);
    await this.#undo(fault, victim);
    if (fault === 'frozen') await this.#lateWrites.check(victim, other);
  }

  async #strike(fault: Fault, victim: FailoverSite): Promise<void> {
    if (fault === 'killed') return victim.kill();
    if (fault === 'cutOff') return victim.proxy.cut();
    // Exactly between its own log and the ledger: the write is on its way when the host stops.
    await Promise.race([victim.proxy.holdNextWrite(ANY_DECISION), pause(LATE_MS, undefined, { ref: false })]);
    victim.host?.freeze();
  }

  async #undo(fault: Fault, victim: FailoverSite): Promise<void> {
    if (fault === 'killed') return victim.start();
    if (fault === 'cutOff') return victim.proxy.heal();
    await victim.proxy.letGo();
    victim.host?.thaw();
    // What it still had in hand comes now, and must not count as a command.
    await this.#trainers.abandonedSettled(LATE_MS);
  }

  /** Waits until the other host has answered for each of these runs, and keeps how long each took. */
  async #movedTo(other: FailoverSite, runs: readonly string[]): Promise<void> {
    const fromMs = performance.now();
    const left = new Set(runs);
    const untilMs = fromMs + this.#plan.waitMs;
    while (left.size > 0 && performance.now() < untilMs) {
      for (const run of left) {
        const answer = this.#trainers.lastAnswer(run);
        if (answer?.site !== other || answer.atMs < fromMs) continue;
        this.#takeoversMs.push(answer.atMs - fromMs);
        left.delete(run);
      }
      await pause(2);
    }
    this.#found.unmoved += left.size;
  }

  /** Waits until each of these runs has been answered for, by whichever host; what is not is unmoved. */
  async #answeredSince(fromMs: number, runs: readonly string[]): Promise<void> {
    const untilMs = fromMs + 2 * this.#plan.waitMs;
    const isOpen = (run: string): boolean => (this.#trainers.lastAnswer(run)?.atMs ?? 0) < fromMs;
    while (runs.some(isOpen) && performance.now() < untilMs) await pause(5);
    this.#found.unmoved += runs.filter(isOpen).length;
  }

  async #orderFirst(): Promise<void> {
    for (const [at, [kind]] of ORDERS.entries()) {
      const order = { who: 'drill', why: 'to see whether it moves' };
      const action = { kind, trainingRunId: this.#runs[at], order, breaker: 'metadata' } as OperatorAction;
      const reply = await this.#sites[0].host?.operate(action);
      if (reply?.kind !== 'answered' || !reply.value) throw new Error(`the order ${kind} was not taken`);
    }
  }

  async #checkOrders(site: FailoverSite): Promise<void> {
    for (const [at, [, wanted]] of ORDERS.entries()) {
      const run = this.#runs[at] ?? '';
      await this.#trainers.ask(site, run, `${run}-check-${this.#takeoversMs.length}`);
      const reply = await site.host?.run(run);
      if (reply?.kind !== 'answered') continue;
      for (const broken of brokenBy({ ...UNORDERED, ...wanted }, reply.value)) {
        if (broken === 'breakers') this.#found.breakersLost += 1;
        else this.#found.modeLost += 1;
      }
    }
  }

  /** Packets that were answered before, most of them by the host that is gone: the same commands. */
  async #sendAgain(site: FailoverSite): Promise<void> {
    const known = this.#runs.filter((run) => this.#trainers.lastPacket(run) !== undefined);
    for (const run of known.slice(0, REPEATS_MAX)) {
      const packetId = this.#trainers.lastPacket(run) ?? '';
      const before = this.#ledger.commandOf(run, packetId);
      const reply = await this.#trainers.ask(site, run, packetId);
      if (reply === 'silent' || reply === 'gone') continue;
      if (!reply.ok || reply.commandId !== before) this.#found.repeatsWrong += 1;
    }
  }

  #totals(): FailoverTotals {
    const { commands, commandsTwice, sequenceRegressions, epochsNotRising } = this.#ledger;
    const { killed, frozen, cutOff } = this.#done;
    return {
      runs: this.#plan.runs,
      hostsKilled: killed,
      frozen,
      cutOff,
      commands,
      commandsTwice,
      sequenceRegressions,
      epochsNotRising,
      ...this.#found,
      ...this.#lateWrites.done,
      lateRefused: this.#trainers.codes.get('LEASE_LOST') ?? 0,
      takeoversMs: this.#takeoversMs,
    };
  }
}
