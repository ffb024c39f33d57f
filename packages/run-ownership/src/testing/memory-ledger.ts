import type { WallClock } from '@esper/std';
import {
  adoptedRun,
  commitRun,
  enterRun,
  type RunEntry,
  releaseRun,
  type StoredAnswer,
  withdrawable,
} from '../core/run-entry.js';
import type { CommitAnswer, EnterAnswer, EnterAsk, FencedWrite, RunLedger, WithdrawAnswer } from '../ports.js';

/** A ledger in memory, from the pure rules alone. For tests, and as the model of the one on Redis. Answers never expire. */
export class MemoryLedger implements RunLedger {
  readonly #clock: WallClock;
  readonly #entries = new Map<string, RunEntry>();
  readonly #answers = new Map<string, StoredAnswer>();
  #lastToken = 0;
  /** While set, every call rejects with it. */
  failing: Error | undefined;

  constructor(clock: WallClock) {
    this.#clock = clock;
  }

  entry(run: string): RunEntry | undefined {
    return this.#entries.get(run);
  }

  /** What a server without its data is like. */
  lose(): void {
    this.#entries.clear();
    this.#answers.clear();
    this.#lastToken = 0;
  }

  async enter(run: string, ask: EnterAsk): Promise<EnterAnswer> {
    this.#check();
    const answered = ask.packetId === undefined ? undefined : this.#answers.get(keyOf(run, ask.packetId));
    if (answered !== undefined) {
      this.#answers.set(keyOf(run, ask.packetId ?? ''), { ...answered, isGiven: true });
      return { kind: 'answered', bytes: answered.bytes };
    }
    const at = { nowMs: this.#clock.wallMs(), lastToken: this.#lastToken };
    const { entry, answer } = enterRun(this.#entries.get(run), ask, at);
    this.#keep(run, entry);
    if (answer.kind === 'granted') this.#lastToken = Math.max(this.#lastToken, answer.token);
    return answer;
  }

  async commit(run: string, write: FencedWrite): Promise<CommitAnswer> {
    this.#check();
    const key = keyOf(run, write.answer?.packetId ?? '');
    const { entry, answer } = commitRun(this.#entries.get(run), write, this.#answers.has(key));
    this.#keep(run, entry);
    if (answer.kind === 'accepted' && write.answer !== undefined) {
      const { commandId, bytes } = write.answer;
      this.#answers.set(key, { commandId, bytes, isGiven: false });
    }
    return answer;
  }

  async release(run: string, token: number): Promise<void> {
    this.#check();
    this.#keep(run, releaseRun(this.#entries.get(run), token));
  }

  async withdraw(
    run: string,
    { packetId, commandId }: { readonly packetId: string; readonly commandId: string },
  ): Promise<WithdrawAnswer> {
    this.#check();
    const key = keyOf(run, packetId);
    const outcome = withdrawable(this.#answers.get(key), commandId);
    if (outcome === 'withdrawn') this.#answers.delete(key);
    return outcome;
  }

  async adopt(run: string, { state, sequence }: { readonly state: Uint8Array; readonly sequence: number }) {
    this.#check();
    if (this.#entries.has(run)) return false;
    this.#entries.set(run, adoptedRun(state, sequence));
    return true;
  }

  #keep(run: string, entry: RunEntry | undefined): void {
    if (entry !== undefined) this.#entries.set(run, entry);
  }

  #check(): void {
    if (this.failing !== undefined) throw this.failing;
  }
}

const keyOf = (run: string, packetId: string): string => `${run.length}:${run}/${packetId}`;
