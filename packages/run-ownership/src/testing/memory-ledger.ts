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
import { RunOwnershipError } from '../errors.js';
import type { CommitAnswer, EnterAnswer, EnterAsk, FencedWrite, RunLedger, WithdrawAnswer } from '../ports.js';

/** A ledger in memory, from the pure rules alone. For tests, and as the model of the one on Redis. Answers never expire. */
export class MemoryLedger implements RunLedger {
  readonly #clock: WallClock;
  readonly #entries = new Map<string, RunEntry>();
  readonly #answers = new Map<string, StoredAnswer>();
  #lastToken = 0;
  /** `away`: calls are refused, nothing is carried out. `mute`: they are carried out, and nobody hears of it. */
  failing: 'away' | 'mute' | undefined;

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

  enter(run: string, ask: EnterAsk): Promise<EnterAnswer> {
    return this.#carriedOut(() => this.#entered(run, ask));
  }

  commit(run: string, write: FencedWrite): Promise<CommitAnswer> {
    return this.#carriedOut(() => {
      const key = keyOf(run, write.answer?.packetId ?? '');
      const { entry, answer } = commitRun(this.#entries.get(run), write, this.#answers.has(key));
      this.#keep(run, entry);
      if (answer.kind === 'accepted' && write.answer !== undefined) {
        const { commandId, bytes } = write.answer;
        this.#answers.set(key, { commandId, bytes, isGiven: false });
      }
      return answer;
    });
  }

  release(run: string, token: number): Promise<void> {
    return this.#carriedOut(() => this.#keep(run, releaseRun(this.#entries.get(run), token)));
  }

  withdraw(
    run: string,
    { packetId, commandId }: { readonly packetId: string; readonly commandId: string },
  ): Promise<WithdrawAnswer> {
    return this.#carriedOut(() => {
      const key = keyOf(run, packetId);
      const outcome = withdrawable(this.#answers.get(key), commandId);
      if (outcome === 'withdrawn') this.#answers.delete(key);
      return outcome;
    });
  }

  adopt(run: string, { state, sequence }: { readonly state: Uint8Array; readonly sequence: number }): Promise<boolean> {
    return this.#carriedOut(() => {
      if (this.#entries.has(run)) return false;
      this.#entries.set(run, adoptedRun(state, sequence));
      return true;
    });
  }

  #entered(run: string, ask: EnterAsk): EnterAnswer {
    const key = keyOf(run, ask.packetId ?? '');
    const stored = ask.packetId === undefined ? undefined : this.#answers.get(key);
    if (stored !== undefined) {
      this.#answers.set(key, { ...stored, isGiven: true });
      return { kind: 'answered', bytes: stored.bytes };
    }
    const at = { nowMs: this.#clock.wallMs(), lastToken: this.#lastToken };
    const { entry, answer } = enterRun(this.#entries.get(run), ask, at);
    this.#keep(run, entry);
    if (answer.kind === 'granted') this.#lastToken = Math.max(this.#lastToken, answer.token);
    return answer;
  }

  #keep(run: string, entry: RunEntry | undefined): void {
    if (entry !== undefined) this.#entries.set(run, entry);
  }

  async #carriedOut<T>(call: () => T): Promise<T> {
    if (this.failing === 'away') throw unavailable();
    const answer = call();
    if (this.failing === 'mute') throw unavailable();
    return answer;
  }
}

const unavailable = (): RunOwnershipError => new RunOwnershipError('LEDGER_UNAVAILABLE', 'the ledger is away');

const keyOf = (run: string, packetId: string): string => `${run.length}:${run}/${packetId}`;
