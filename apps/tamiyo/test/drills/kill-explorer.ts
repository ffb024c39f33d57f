import { buildPacket, SeededRandom, tempFolder } from '@esper/testkit';
import type { OperatorAction, OperatorActionKind } from '../../src/host/operator-action.js';
import { PATIENT_DEADLINES } from '../support/patient-settings.js';
import type { ChildFault } from './host-messages.js';
import { HostProcess } from './host-process.js';
import { brokenBy, KillLedger } from './kill-ledger.js';
import { LOG_FAULTS, type LogFault, plantInLog } from './log-faults.js';
import { aimOf, unknownOf } from './order-aims.js';

/** Faults that can be planted: the drill must notice each. */
export const KILL_SABOTAGES = {
  ...LOG_FAULTS,
  write_behind: 'The disk says written and synced, and writes a moment later.',
  no_memory: 'Answers are not kept, so a packet that is sent again is not answered the same.',
} as const;
export type KillSabotage = keyof typeof KILL_SABOTAGES;

/** What the first runs are ordered before anything else, so that every life has something of each kind to lose. */
const FIRST_ORDERS: readonly OperatorActionKind[] = ['breaker_open', 'hold', 'conservative_set'];

/** What was found. */
export interface KillTotals {
  kills: number;
  commands: number;
  lost: number;
  reusedSequences: number;
  modeLost: number;
  breakersLost: number;
  epochsNotRising: number;
  killedWhileOpening: number;
  /** Hosts that did not come up again, and why. */
  readonly failedOpens: string[];
}

export interface KillPlan {
  readonly seed: number;
  readonly count: number;
  readonly budgetMs: number;
  readonly sabotage?: KillSabotage;
}

const RUNS = Array.from({ length: 6 }, (_, at) => `run-${at}`);
/** Not what the drill is about: on a busy machine everything may take long. */
const PATIENT = {
  profile: 'harness',
  ...PATIENT_DEADLINES,
  'inference.standbyCount': '0',
};
const LOOK_UPS_MAX = 30;
/** The share of requests that are an operator's orders. */
const ORDER_SHARE = 0.15;
/** A host is killed after at most so many commands. */
const ANSWERS_MAX = 60;
const ORDERS: readonly OperatorActionKind[] = [
  'conservative_set',
  'conservative_clear',
  'hold',
  'release',
  'breaker_open',
  'breaker_reset',
];

/** Kills a host again and again under load, and checks after each restart that everything it had said still holds. */
export async function exploreKills(plan: KillPlan): Promise<KillTotals> {
  const explorer = new KillExplorer(plan);
  const folder = await tempFolder();
  try {
    return await explorer.run(folder.path);
  } finally {
    await folder.remove();
  }
}

class KillExplorer {
  readonly #plan: KillPlan;
  readonly #random: SeededRandom;
  readonly #ledger = new KillLedger();
  readonly #steps = new Map<string, number>();
  readonly #lastPacket = new Map<string, { packetId: string; bytes: Uint8Array }>();
  readonly #totals: KillTotals = {
    kills: 0,
    commands: 0,
    lost: 0,
    reusedSequences: 0,
    modeLost: 0,
    breakersLost: 0,
    epochsNotRising: 0,
    killedWhileOpening: 0,
    failedOpens: [],
  };
  #checkedCommands = 0;
  #lastEpoch = 0;
  #answers = 0;

  constructor(plan: KillPlan) {
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed);
  }

  async run(dataDir: string): Promise<KillTotals> {
    const untilMs = performance.now() + this.#plan.budgetMs;
    let next = new HostProcess();
    while (this.#totals.kills < this.#plan.count && performance.now() < untilMs) {
      const host = next;
      next = new HostProcess();
      const alive = await this.#life(host, dataDir);
      this.#totals.kills += 1;
      if (!alive) break;
      await this.#sabotageLog(dataDir);
    }
    await this.#lastLife(next, dataDir);
    const { commands, reusedSequences } = this.#ledger;
    this.#totals.commands = commands;
    this.#totals.reusedSequences += reusedSequences;
    return this.#totals;
  }

  /** One life: opened, checked, put under load, killed. False when it never came up. */
  async #life(host: HostProcess, dataDir: string): Promise<boolean> {
    const killedEarly = this.#totals.kills > 0 && this.#random.fraction() < 0.15;
    if (killedEarly) {
      const opening = this.#open(host, dataDir).catch(() => undefined);
      await pause(this.#random.fraction() * 900);
      await host.kill();
      await opening;
      this.#totals.killedWhileOpening += 1;
      return true;
    }
    if (!(await this.#opened(host, dataDir))) return false;
    await this.#check(host);
    if (this.#totals.kills === 0) await this.#orderFirst(host);
    const load = Promise.all(RUNS.map((run) => this.#client(host, run)));
    await this.#answered(1 + Math.floor(this.#random.fraction() * ANSWERS_MAX), load);
    await pause(this.#random.fraction() * 15);
    await host.kill();
    await load;
    return true;
  }

  async #lastLife(host: HostProcess, dataDir: string): Promise<void> {
    if (this.#totals.failedOpens.length > 0) return host.kill();
    if (await this.#opened(host, dataDir)) await this.#check(host);
    await host.kill();
  }

  async #opened(host: HostProcess, dataDir: string): Promise<boolean> {
    try {
      const { issuerEpoch } = await this.#open(host, dataDir);
      if (issuerEpoch <= this.#lastEpoch) this.#totals.epochsNotRising += 1;
      this.#lastEpoch = issuerEpoch;
      return true;
    } catch (cause) {
      this.#totals.failedOpens.push(cause instanceof Error ? cause.message.slice(0, 400) : String(cause));
      await host.kill();
      return false;
    }
  }

  #open(host: HostProcess, dataDir: string) {
    const { sabotage } = this.#plan;
    const fault: ChildFault | undefined = sabotage === 'write_behind' ? sabotage : undefined;
    return host.open(dataDir, sabotage === 'no_memory' ? { ...PATIENT, idempotencyMs: '0' } : PATIENT, { fault });
  }

  /** Waits for so many commands, or for the end of the load. */
  async #answered(count: number, load: Promise<unknown>): Promise<void> {
    let ended = false;
    void load.then(() => {
      ended = true;
    });
    const until = this.#answers + count;
    while (this.#answers < until && !ended) await pause(1);
  }

  /** Everything that was acknowledged must still be so. */
  async #check(host: HostProcess): Promise<void> {
    for (const run of this.#ledger.runs()) {
      const reply = await host.run(run);
      if (reply.kind === 'gone') return;
      const expected = this.#ledger.expected(run);
      for (const broken of brokenBy(expected, reply.value)) {
        if (broken === 'mode') this.#totals.modeLost += 1;
        else if (broken === 'breakers') this.#totals.breakersLost += 1;
        else this.#totals.reusedSequences += 1;
      }
      // What an order came to that was under way is known from now on.
      expected.hold = reply.value?.hold != null;
      expected.breaker = reply.value?.risk.breakers['metadata']?.kind === 'forced_open' ? 'forced_open' : 'automatic';
    }
    await this.#lookUp(host);
    await this.#sendAgain(host);
  }

  async #lookUp(host: HostProcess): Promise<void> {
    const wanted = this.#ledger.toLookUp(this.#checkedCommands, (count) => Math.floor(this.#random.fraction() * count));
    this.#checkedCommands = this.#ledger.told.length;
    for (const { command } of wanted.slice(-LOOK_UPS_MAX)) {
      const reply = await host.decision(command.decisionId);
      if (reply.kind === 'gone') return;
      const { bytes, withheld } = reply.value;
      if (withheld || bytes === undefined || !same(bytes, command.bytes)) this.#totals.lost += 1;
    }
  }

  /** The last packet of each run, once more: the same bytes. */
  async #sendAgain(host: HostProcess): Promise<void> {
    for (const [run, { packetId, bytes }] of this.#lastPacket) {
      if (this.#ledger.expected(run).hold !== false) continue;
      const reply = await host.decide(run, packetOf(run, packetId, 1));
      if (reply.kind === 'gone') return;
      if (!reply.value.ok || !same(reply.value.bytes, bytes)) this.#totals.lost += 1;
    }
  }

  async #orderFirst(host: HostProcess): Promise<void> {
    for (const [at, kind] of FIRST_ORDERS.entries()) await this.#order(host, RUNS[at] ?? '', kind);
  }

  /** One trainer: a packet after the other, and now and then an operator who orders something. */
  async #client(host: HostProcess, run: string): Promise<void> {
    // What was ordered first must still be so when the first host is killed: nobody orders anything else of those runs.
    const orderShare = this.#totals.kills === 0 && RUNS.indexOf(run) < FIRST_ORDERS.length ? 0 : ORDER_SHARE;
    for (;;) {
      const alive =
        this.#random.fraction() < orderShare
          ? await this.#order(host, run, this.#anyOrder())
          : await this.#step(host, run);
      if (!alive) return;
    }
  }

  async #step(host: HostProcess, run: string): Promise<boolean> {
    const step = (this.#steps.get(run) ?? 0) + 1;
    this.#steps.set(run, step);
    const packetId = `${run}-${step}`;
    const packet = packetOf(run, packetId, step, this.#random.fraction() < 0.03 ? 9 : 0.75);
    const reply = await host.decide(run, packet);
    if (reply.kind === 'gone') return false;
    if (!reply.value.ok) return true;
    this.#answers += 1;
    this.#ledger.acknowledged(run, packetId, reply.value);
    this.#lastPacket.set(run, { packetId, bytes: reply.value.bytes });
    return true;
  }

  #anyOrder(): OperatorActionKind {
    return ORDERS[Math.floor(this.#random.fraction() * ORDERS.length)] ?? 'release';
  }

  async #order(host: HostProcess, run: string, kind: OperatorActionKind): Promise<boolean> {
    const order = { who: 'drill', why: 'to see whether it lasts' };
    const action = { kind, trainingRunId: run, order, breaker: 'metadata' } as OperatorAction;
    const expected = this.#ledger.expected(run);
    const before = { ...expected };
    const aims = aimOf(kind);
    Object.assign(expected, { ...aims, ...unknownOf(aims, before) });
    const reply = await host.operate(action);
    if (reply.kind === 'gone') return false;
    Object.assign(expected, reply.value ? aims : before);
    return true;
  }

  async #sabotageLog(dataDir: string): Promise<void> {
    const { sabotage } = this.#plan;
    if (sabotage !== undefined && sabotage in LOG_FAULTS) await plantInLog(sabotage as LogFault, dataDir);
  }
}

const packetOf = (run: string, packetId: string, step: number, validationLoss = 0.75) =>
  buildPacket({ trainingRunId: run, packetId, globalStep: step, validationLoss });

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(Buffer.from(b));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
