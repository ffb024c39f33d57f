import { err, type MonoClock, ok } from '@esper/std';
import { type FiniteCells, firstNonfinite } from '../../core/hosting/finite.js';
import { type ResolvedHostOptions, restartPauseMs } from '../../core/hosting/host-options.js';
import { inputFault } from '../../core/hosting/input-fault.js';
import type { TensorMap } from '../../core/network/feeds.js';
import { PolicyError } from '../../errors.js';
import type { InferenceFailure, InferenceHost } from '../../ports.js';
import { Call, type CallResult } from './call.js';
import { type HostStats, type HostTally, NO_TALLY } from './host-stats.js';
import type { HostTimers, RunOutcome, Runtime, RuntimeInfo, RuntimeMaker, StartOutcome } from './runtime.js';
import { type Seat, Seats } from './seats.js';

/** An inference host that tells what it has been through. */
export interface ObservedInferenceHost extends InferenceHost {
  /** What the first loaded model said about itself. */
  readonly info: RuntimeInfo;
  stats(): HostStats;
}

export interface PoolPorts {
  readonly clock: MonoClock;
  readonly timers: HostTimers;
  readonly maker: RuntimeMaker;
}

/**
 * Keeps `1 + standbyCount` runtimes loaded and warm, gives each call to a free one, and answers at the deadline whatever
 * the runtime does. Rejects with `inference_host_unstartable` when the first start does not end in a warm model.
 */
export async function openInferencePool(
  options: ResolvedHostOptions,
  ports: PoolPorts,
): Promise<ObservedInferenceHost> {
  const pool = new InferencePool(options, ports);
  const first = await pool.open();
  if (first.kind === 'ready') return Object.assign(pool, { info: first.info });
  await pool.close();
  throw new PolicyError('inference_host_unstartable', `the inference runtime did not start: ${first.reason}`);
}

/** A start waits for calls under way, looked for this often, at most this many times. */
const RESTART_RETRY_MS = 2;
const RESTART_PATIENCE = 25;

class InferencePool implements InferenceHost {
  readonly #options: ResolvedHostOptions;
  readonly #ports: PoolPorts;
  readonly #seats = new Seats();
  readonly #waiting = new Set<Call>();
  readonly #pauses = new Set<() => void>();
  readonly #finite: FiniteCells = new WeakSet();
  #inputNames: readonly string[] = [];
  #failuresInRow = 0;
  #closing: Promise<void> | undefined;
  readonly #tally: { -readonly [Total in keyof HostTally]: number } = { ...NO_TALLY };

  constructor(options: ResolvedHostOptions, ports: PoolPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Starts the first runtime, and the standbys only when it is warm: a model that cannot load fails once, not n times. */
  async open(): Promise<StartOutcome> {
    const first = await this.#start();
    if (first.kind !== 'ready') return first;
    this.#inputNames = first.info.inputNames;
    await Promise.all(Array.from({ length: this.#options.standbyCount }, () => this.#start()));
    return first;
  }

  infer(inputs: TensorMap, deadlineMs: number): Promise<CallResult> {
    if (typeof deadlineMs !== 'number' || Number.isNaN(deadlineMs))
      throw new RangeError(`deadlineMs must be a number, got ${deadlineMs}`);
    this.#count('calls');
    const refusal =
      this.#closing === undefined
        ? inputFault(this.#inputNames, inputs, this.#finite)
        : unavailable('the host is closed');
    if (refusal !== undefined) return Promise.resolve(err(this.#counted(refusal)));
    const call = new Call(inputs, deadlineMs > 0 ? deadlineMs : Number.POSITIVE_INFINITY, this.#ports.clock);
    const seat = this.#seats.in('ready');
    if (seat !== undefined) {
      // Sent first: the runtime works while the timer is set.
      this.#run(seat, call);
      this.#arm(call);
    } else if (this.#seats.in('busy') !== undefined && this.#waiting.size < this.#options.queueMax) {
      this.#arm(call);
      this.#waiting.add(call);
    } else call.fail(this.#counted(unavailable(this.#situation())));
    return call.result;
  }

  readyCount(): number {
    return this.#seats.countIn('ready');
  }

  stats(): HostStats {
    return { ...this.#tally, ...this.#seats.census() };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // `#closing` must be in place before anyone reacts to being answered.
    await Promise.resolve();
    const closed = unavailable('the host is closing');
    for (const call of this.#waiting) call.fail(this.#counted(closed));
    this.#waiting.clear();
    for (const callOff of this.#pauses) callOff();
    this.#pauses.clear();
    const endings = this.#seats.all().map((seat) => {
      seat.call?.fail(this.#counted(closed));
      this.#order(seat);
      return seat.runtime.ended;
    });
    await this.#within(Promise.all(endings), this.#options.closeTimeoutMs);
  }

  #arm(call: Call): void {
    if (!Number.isFinite(call.deadlineMs)) return;
    call.disarm = this.#ports.timers.after(Math.max(0, call.leftMs), () => this.#overrun(call));
  }

  #overrun(call: Call): void {
    this.#count('timeouts');
    call.timeOut();
    if (this.#waiting.delete(call)) return;
    const seat = this.#seats.holding(call);
    if (seat === undefined) return;
    seat.state = 'overdue';
    if (this.#ports.maker.overdue === 'kill') this.#spare(seat);
    this.#turnAwayIfStuck();
  }

  #kill(seat: Seat): void {
    this.#count('killedOverdue');
    this.#order(seat);
    this.#startAfter(0);
  }

  /**
   * The call has failed, but perhaps only because nobody got a core, or because our own event loop was blocked and the answer
   * lies unread. Killing a runtime that is well would take the next calls a start's worth of that same core.
   */
  #spare(seat: Seat): void {
    const callOff = this.#ports.timers.after(this.#options.overdueMsMax, () => {
      this.#pauses.delete(callOff);
      if (seat.state !== 'overdue' || !this.#seats.has(seat)) return;
      this.#kill(seat);
      this.#turnAwayIfStuck();
    });
    this.#pauses.add(callOff);
  }

  async #run(seat: Seat, call: Call): Promise<void> {
    seat.state = 'busy';
    seat.call = call;
    const outcome = await seat.runtime.run(call.inputs);
    seat.call = undefined;
    if (seat.ordered || !this.#seats.has(seat)) return;
    this.#failuresInRow = 0;
    const unreadMs = outcome.kind === 'outputs' ? outcome.unreadMs : 0;
    call.excuse(unreadMs, this.#options.unreadMsMax);
    this.#answer(call, outcome);
    seat.state = 'ready';
    this.#serveNext(unreadMs);
  }

  #answer(call: Call, outcome: RunOutcome): void {
    if (call.settled) this.#count('lateDropped');
    else if (call.leftMs < 0) {
      // The event loop was held and the timer could not fire: late is late.
      this.#count('timeouts');
      this.#count('lateDropped');
      call.timeOut();
    } else {
      if (call.elapsedMs > call.deadlineMs) this.#count('readLate');
      call.settle(judge(outcome, call.elapsedMs));
    }
  }

  /** `idleMs`: how long the runtime had been free already, as its answer lay unread. The call could have begun by then. */
  #serveNext(idleMs = 0): void {
    const seat = this.#seats.in('ready');
    const [call] = this.#waiting;
    if (seat === undefined || call === undefined) return;
    this.#waiting.delete(call);
    call.excuse(idleMs, this.#options.unreadMsMax);
    this.#run(seat, call);
    call.disarm();
    this.#arm(call);
  }

  /** Nobody waits for a runtime that may never come back: with none ready and none in time, the answer is no, at once. */
  #turnAwayIfStuck(): void {
    if (this.#seats.in('ready') !== undefined || this.#seats.in('busy') !== undefined) return;
    const failure = unavailable(this.#situation());
    for (const call of this.#waiting) call.fail(this.#counted(failure));
    this.#waiting.clear();
  }

  async #start(): Promise<StartOutcome> {
    this.#count('started');
    let runtime: Runtime;
    try {
      runtime = this.#ports.maker.start();
    } catch (error) {
      // Out of processes, memory or file descriptors: a broken world that may mend, so it is tried again.
      this.#restartAfterFailure('startFailures');
      return { kind: 'died', reason: String(error) };
    }
    const seat: Seat = { runtime, state: 'starting', call: undefined, ordered: false };
    this.#seats.add(seat);
    this.#watch(seat);
    const timely = await this.#within(seat.runtime.started, this.#options.startTimeoutMs);
    const outcome = timely ?? { kind: 'died', reason: `not warm after ${this.#options.startTimeoutMs} ms` };
    if (outcome.kind === 'ready' && seat.state === 'starting') {
      seat.state = 'ready';
      this.#serveNext();
    } else if (outcome.kind !== 'ready' && !seat.ordered) {
      this.#order(seat);
      this.#restartAfterFailure('startFailures');
    }
    return outcome;
  }

  async #watch(seat: Seat): Promise<void> {
    const how = await seat.runtime.ended;
    this.#seats.delete(seat);
    // A runtime that ends before it was warm is a failed start, reported by `started`.
    if (seat.ordered || seat.state === 'starting') return;
    seat.state = 'gone';
    seat.call?.fail({ code: 'inference_failed', reason: `the runtime died during the run: ${how}` });
    this.#restartAfterFailure('unorderedDeaths');
    this.#turnAwayIfStuck();
  }

  #restartAfterFailure(what: 'startFailures' | 'unorderedDeaths'): void {
    this.#count(what);
    this.#failuresInRow += 1;
    this.#startAfter(restartPauseMs(this.#failuresInRow, this.#options));
  }

  #order(seat: Seat): void {
    seat.ordered = true;
    seat.state = 'gone';
    seat.runtime.stop();
  }

  /**
   * Starting a process holds the event loop for a millisecond or more, which a short deadline would feel: so the caller
   * that was just answered reacts first, and calls under way end first, though never for longer than a bound.
   */
  #startAfter(pauseMs: number, patienceLeft = RESTART_PATIENCE): void {
    if (this.#closing !== undefined) return;
    const callOff = this.#ports.timers.after(pauseMs, () => {
      this.#pauses.delete(callOff);
      if (patienceLeft > 0 && this.#seats.in('busy') !== undefined)
        this.#startAfter(RESTART_RETRY_MS, patienceLeft - 1);
      else void this.#start();
    });
    this.#pauses.add(callOff);
  }

  #within<T>(awaited: Promise<T>, limitMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const disarm = this.#ports.timers.after(limitMs, () => resolve(undefined));
      awaited.then(resolve, reject).finally(disarm);
    });
  }

  #situation(): string {
    const { starting, busy, overdue } = this.#seats.census();
    return `no runtime is ready: ${busy} busy, ${overdue} overdue, ${starting} starting, ${this.#waiting.size} calls waiting`;
  }

  #counted(failure: InferenceFailure): InferenceFailure {
    if (failure.code === 'inference_unavailable') this.#count('unavailable');
    return failure;
  }

  #count(what: keyof HostTally): void {
    this.#tally[what] += 1;
  }
}

const unavailable = (reason: string): InferenceFailure => ({ code: 'inference_unavailable', reason });

function judge(outcome: RunOutcome, totalMs: number): CallResult {
  if (outcome.kind === 'failed') return err({ code: 'inference_failed', reason: outcome.reason });
  const tensor = firstNonfinite(outcome.outputs);
  if (tensor !== undefined) return err({ code: 'nonfinite_output', tensor });
  return ok({ outputs: outcome.outputs, runMs: outcome.runMs, totalMs });
}
