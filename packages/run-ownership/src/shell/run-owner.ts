import { afterCommit, afterGrant, type Holding, NEVER_HELD } from '../core/holding.js';
import type { CommitAnswer, EnterAnswer, FencedWrite, RunLedger, WithdrawAnswer } from '../ports.js';

/** Who asks, and how. */
export interface RunOwnerOptions {
  /** This process; no other may have the name, nor this one after a restart. */
  readonly owner: string;
  /** Tokens will be above this. */
  readonly floor: number;
  readonly leaseMs: number;
}

/** What was counted since the start. */
export interface RunOwnerCounts {
  /** Runs that came from another host whose lease ran out. */
  readonly takenOver: number;
  /** Runs that another host had given back. */
  readonly handedOver: number;
  /** Asks that were refused because another host was deciding. */
  readonly held: number;
  /** Packets that were answered with stored bytes. */
  readonly repeated: number;
  /** Writes that were refused by the fence. */
  readonly lost: number;
  /** Calls that the ledger did not answer. */
  readonly unavailable: number;
}

/**
 * One host's side of the ledger: remembers under which token it holds which run. Calls about one run come one at a time; what is
 * still under way for a run is waited for before the run is asked for again. All reject with `LEDGER_UNAVAILABLE`.
 */
export class RunOwner {
  readonly #ledger: RunLedger;
  readonly #options: RunOwnerOptions;
  readonly #holdings = new Map<string, Holding>();
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #counts = { takenOver: 0, handedOver: 0, held: 0, repeated: 0, lost: 0, unavailable: 0 };
  #floor: number;

  constructor(ledger: RunLedger, options: RunOwnerOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#floor = options.floor;
  }

  /** Asks for a run before deciding. Granted without a state: what this host has is the newest. */
  async enter(run: string, packetId?: string): Promise<EnterAnswer> {
    await this.#underWay.get(run);
    const { owner, leaseMs } = this.#options;
    const packet = packetId === undefined ? {} : { packetId };
    const ask = { owner, floor: this.#floor, leaseMs, ...this.#holding(run), ...packet };
    const answer = await this.#counted(this.#ledger.enter(run, ask));
    this.#note(run, answer);
    return answer;
  }

  /** The token that the run is held under; 0 when it is not. */
  tokenOf(run: string): number {
    return this.#holding(run).token;
  }

  /** The one write of a decision; it ends the lease. Unless it resolves with `accepted`, nothing may be delivered. */
  commit(run: string, write: Omit<FencedWrite, 'token'>): Promise<CommitAnswer> {
    return this.#inOrder(run, async () => {
      const before = this.#holding(run);
      const answer = await this.#counted(this.#ledger.commit(run, { ...write, token: before.token }));
      this.#holdings.set(run, afterCommit(before, answer));
      if (answer.kind === 'lost') this.#counts.lost += 1;
      return answer;
    });
  }

  /** Gives a run back without a write. */
  leave(run: string): Promise<void> {
    return this.#inOrder(run, async () => {
      const { token } = this.#holding(run);
      if (token > 0) await this.#counted(this.#ledger.release(run, token));
    });
  }

  /** Takes back an answer that nobody has got. */
  withdraw(run: string, about: { readonly packetId: string; readonly commandId: string }): Promise<WithdrawAnswer> {
    return this.#counted(this.#ledger.withdraw(run, about));
  }

  adopt(run: string, found: { readonly state: Uint8Array; readonly sequence: number }): Promise<boolean> {
    return this.#counted(this.#ledger.adopt(run, found));
  }

  /** Forgets what is known about a run that this host has given up. */
  forget(run: string): void {
    this.#holdings.delete(run);
  }

  counts(): RunOwnerCounts {
    return { ...this.#counts };
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #holding(run: string): Holding {
    return this.#holdings.get(run) ?? NEVER_HELD;
  }

  #note(run: string, answer: EnterAnswer): void {
    if (answer.kind === 'granted') {
      this.#holdings.set(run, afterGrant(answer));
      this.#floor = Math.max(this.#floor, answer.token);
      if (answer.from?.how === 'expired') this.#counts.takenOver += 1;
      if (answer.from?.how === 'released') this.#counts.handedOver += 1;
    }
    if (answer.kind === 'held') this.#counts.held += 1;
    if (answer.kind === 'answered') this.#counts.repeated += 1;
  }

  async #inOrder<T>(run: string, call: () => Promise<T>): Promise<T> {
    const started = call();
    const settled = started.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.set(run, settled);
    void settled.then(() => {
      if (this.#underWay.get(run) === settled) this.#underWay.delete(run);
    });
    return started;
  }

  async #counted<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (cause) {
      this.#counts.unavailable += 1;
      throw cause;
    }
  }
}
