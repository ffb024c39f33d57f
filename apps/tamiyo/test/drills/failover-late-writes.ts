import { setTimeout as pause } from 'node:timers/promises';
import type { OperatorAction, OperatorActionKind } from '../../src/host/operator-action.js';
import { stateOf } from './failover-proxy.js';
import type { FailoverSite } from './failover-site.js';
import type { FailoverTrainers } from './failover-trainers.js';
import type { Answered } from './host-messages.js';

/** What late writes did. */
export interface LateWrites {
  /** Late writes of a host whose run another host had taken over meanwhile. */
  readonly ordersLate: number;
  /** Orders of operators that had been taken, and were no longer in force when such a write had arrived. */
  readonly ordersUndone: number;
  /** Late writes of a host that had meanwhile decided again under the same token. */
  readonly packetsLate: number;
  /** Times a host did not answer for a run as it should, so that nothing could be seen. */
  readonly lateStuck: number;
}

class Stuck extends Error {}

/** Runs without a trainer: nothing else is written about them. */
const ORDERED = 'late-order';
const DECIDED = 'late-packet';
const RETRY_MS = 25;

/**
 * Writes that arrive late although nobody was killed or frozen: the network kept them. Each of the ledger's two checks has a case that
 * it alone stops: the fence a host that was overtaken, the sequence number a host that has gone on by itself.
 */
export class LateWriteChecks {
  readonly #trainers: FailoverTrainers;
  readonly #patienceMs: number;
  readonly #done = { ordersLate: 0, ordersUndone: 0, packetsLate: 0, lateStuck: 0 };

  constructor(trainers: FailoverTrainers, patienceMs: number) {
    this.#trainers = trainers;
    this.#patienceMs = patienceMs;
  }

  get done(): LateWrites {
    return { ...this.#done };
  }

  /** Both, with `late` as the host whose writes are late. */
  async check(late: FailoverSite, other: FailoverSite): Promise<void> {
    try {
      await this.#order(late, other);
      await this.#packet(late, other);
    } catch (cause) {
      if (!(cause instanceof Stuck)) throw cause;
      this.#done.lateStuck += 1;
      await late.proxy.letGo();
    }
  }

  /**
   * An order of the late host stays on the way for longer than its lease, the other host takes the run and holds it; then the order
   * arrives. Its sequence number is the stored one, for an order is no command: the fence alone keeps the hold in force.
   */
  async #order(late: FailoverSite, other: FailoverSite): Promise<void> {
    const run = `${ORDERED}-${this.#done.ordersLate}`;
    await this.#answered(late, run, `${run}-1`);
    const held = late.proxy.holdNextWrite(stateOf(run));
    const given = order(late, run, 'conservative_set');
    await held;
    await this.#until(() => order(other, run, 'hold'));
    await late.proxy.letGo();
    await given;
    const reply = await this.#until(async () => definite(await this.#trainers.ask(other, run, `${run}-2`)));
    this.#done.ordersLate += 1;
    if (reply.ok || reply.code !== 'RUN_HELD') this.#done.ordersUndone += 1;
  }

  /**
   * The write of a decision stays on the way on a connection that breaks; its host opens another, is asked again and decides anew, under
   * the same token; then the first write arrives. What the packet was answered with must stand: the sequence number sees to it.
   */
  async #packet(late: FailoverSite, other: FailoverSite): Promise<void> {
    const run = `${DECIDED}-${this.#done.packetsLate}`;
    await this.#answered(late, run, `${run}-1`);
    const held = late.proxy.holdNextWrite(stateOf(run));
    const first = this.#trainers.ask(late, run, `${run}-2`);
    await held;
    late.proxy.breakHeld();
    await first;
    await this.#answered(late, run, `${run}-2`);
    await late.proxy.letGo();
    // The trainers' ledger compares this answer with the one before.
    await this.#answered(other, run, `${run}-2`);
    await this.#answered(other, run, `${run}-3`);
    this.#done.packetsLate += 1;
  }

  #answered(site: FailoverSite, run: string, packetId: string): Promise<true> {
    return this.#until(async () => {
      const reply = definite(await this.#trainers.ask(site, run, packetId));
      return reply?.ok === true ? true : undefined;
    });
  }

  async #until<T>(attempt: () => Promise<T | undefined>): Promise<T> {
    const untilMs = performance.now() + this.#patienceMs;
    while (performance.now() < untilMs) {
      const found = await attempt();
      if (found !== undefined) return found;
      await pause(RETRY_MS);
    }
    throw new Stuck(`nothing came of it within ${this.#patienceMs} ms`);
  }
}

/** An answer that says what is to be said; not that somebody else is asked, or that the ledger cannot be reached just now. */
function definite(reply: Answered | 'silent' | 'gone'): Answered | undefined {
  if (typeof reply === 'string') return undefined;
  return reply.ok || reply.code === 'RUN_HELD' ? reply : undefined;
}

async function order(site: FailoverSite, run: string, kind: OperatorActionKind): Promise<true | undefined> {
  const action = { kind, trainingRunId: run, order: { who: 'drill', why: 'to see what stands' } } as OperatorAction;
  const reply = await site.host?.operate(action);
  return reply?.kind === 'answered' && reply.value ? true : undefined;
}
