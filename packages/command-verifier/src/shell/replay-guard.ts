import type { MonoClock, MonoMs, WallClock } from '@esper/std';
import type { RefusalReason } from '../core/refusal.js';
import type { LedgerCleanup } from '../core/rejection-ledger.js';
import { type ReplayClaim, ReplayMemory, type ReplaySnapshot } from '../core/replay-memory.js';
import type { SequenceRule } from '../core/run-positions.js';
import { Watermark, type WatermarkStep } from '../core/watermark.js';
import { VerifierError } from '../errors.js';
import { type ReplayOptions, resolveReplayOptions } from '../options.js';
import type { WatermarkJournal } from '../ports.js';

/** Difference between the two clocks that counts as a step of the wall clock, in milliseconds. */
const CLOCK_STEP_MS = 1000;

/** A journal and what it held when it was opened, oldest first. */
export interface OpenedJournal {
  readonly journal: WatermarkJournal;
  readonly steps: Iterable<WatermarkStep>;
}

/** What a replay guard works with. Without `opened`, memory alone: after a restart everything issued before it is refused. */
export interface ReplayGuardParts {
  readonly clock: WallClock & MonoClock;
  readonly opened?: OpenedJournal;
  readonly options?: ReplayOptions;
}

/** Counts of a guard. */
export interface GuardSnapshot extends ReplaySnapshot {
  /** Steps of the wall clock noticed, forward or back, over one second each. */
  readonly clockStepsTotal: number;
  /** Steps written ahead to the journal. */
  readonly journalStepsTotal: number;
}

/**
 * The replay memory with its watermark. One guard per consumer, shared by every verifier in front of the same executor.
 * Accepts each command at most once, across restarts and clock steps.
 */
export class ReplayGuard {
  readonly retentionMs: number;
  readonly sequenceRule: SequenceRule;
  readonly #clock: WallClock & MonoClock;
  readonly #memory: ReplayMemory;
  readonly #watermark: Watermark;
  readonly #journal: WatermarkJournal | undefined;
  readonly #waitingMax: number;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #journalSteps = 0;
  #clockSteps = 0;
  #wasFull = false;
  #wallAheadMs: number;

  /** Throws `OPTION_INVALID`. */
  constructor({ clock, opened, options }: ReplayGuardParts) {
    const { memory, watermark, waitingMax } = resolveReplayOptions(options);
    this.#clock = clock;
    this.#journal = opened?.journal;
    this.#waitingMax = waitingMax;
    this.#watermark = new Watermark(watermark, opened?.steps);
    // A journal that never held a promise says nothing about commands before it: they are refused like without one.
    const issuedBeforeMs = this.#watermark.issuedBeforeMs || clock.wallMs();
    this.#memory = new ReplayMemory(memory, { issuedBeforeMs, runs: this.#watermark.runs });
    this.retentionMs = memory.retentionMs;
    this.sequenceRule = memory.sequence;
    this.#wallAheadMs = clock.wallMs() - clock.monoMs();
  }

  /** Claims in memory, at once. `fresh` is not yet safe against a restart: {@link settle} makes it so. */
  claim(claim: ReplayClaim, at: MonoMs): 'fresh' | RefusalReason {
    this.#noticeClockStep(at);
    const claimed = this.#memory.claim(claim, at);
    if (claimed === 'replay_memory_full' || claimed === 'key_quota_full') this.#wasFull = true;
    return claimed;
  }

  /** True when the stored watermark covers a claim, so that it need not wait. */
  isSettled(claim: ReplayClaim): boolean {
    return this.#journal === undefined || this.#watermark.covers(claim);
  }

  /**
   * Resolves once a claimed command can not be accepted again after a restart, as durably as the journal promises. Rejects
   * when that is uncertain: then the command must not be executed, and it stays claimed.
   */
  async settle(claim: ReplayClaim): Promise<void> {
    if (this.#waiting >= this.#waitingMax)
      throw new VerifierError('JOURNAL_BUSY', `more than ${this.#waitingMax} claims wait for the journal`);
    this.#waiting += 1;
    const turn = this.#turn.then(() => this.#step(claim));
    // The next claim takes its own turn whatever became of this one; this one's caller gets the failure.
    this.#turn = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Drops every nonce whose time is over, and no other. Optional: claims do the same, a few at a time. */
  maintain(): LedgerCleanup {
    const removed = this.#memory.maintain(this.#clock.monoMs());
    const wasFull = this.#wasFull;
    this.#wasFull = false;
    return { removed, size: this.#memory.snapshot().size, wasFull };
  }

  snapshot(): GuardSnapshot {
    return {
      ...this.#memory.snapshot(),
      clockStepsTotal: this.#clockSteps,
      journalStepsTotal: this.#journalSteps,
    };
  }

  async #step(claim: ReplayClaim): Promise<void> {
    if (this.#journal === undefined || this.#watermark.covers(claim)) return;
    const cause = { command: claim, at: this.#clock.monoMs() };
    const step = this.#watermark.nextStep(cause);
    await this.#journal.append(step);
    this.#watermark.apply(step, cause);
    this.#journalSteps += 1;
  }

  #noticeClockStep(at: MonoMs): void {
    const wallAheadMs = this.#clock.wallMs() - at;
    if (Math.abs(wallAheadMs - this.#wallAheadMs) > CLOCK_STEP_MS) this.#clockSteps += 1;
    this.#wallAheadMs = wallAheadMs;
  }
}

/** A guard ready for claims. Throws `OPTION_INVALID`. */
export const createReplayGuard = (parts: ReplayGuardParts): ReplayGuard => new ReplayGuard(parts);
