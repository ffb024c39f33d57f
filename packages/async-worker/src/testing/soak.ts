import { elapsedMs, type MonoClock } from '@esper/std';
import { accountsFor, type WorkerStats } from '../core/counters.js';
import type { TaskOutcome } from '../core/outcome.js';
import type { WorkerOptions } from '../options.js';
import type { Timers } from '../ports.js';
import type { AsyncWorker, ShutdownReport, TaskHandle } from '../shell/worker.js';
import { type LatencyHistogram, latencyHistogram } from './latency-histogram.js';
import {
  type Chance,
  SOAK_DEFAULTS,
  SOAK_SCENARIOS,
  type SoakJob,
  type SoakPlan,
  type SoakScenario,
  soakJobs,
} from './soak-plan.js';

/** What the soak runs on. */
export interface SoakBench {
  readonly makeWorker: (options: WorkerOptions) => AsyncWorker;
  readonly clock: MonoClock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly plan?: Partial<SoakPlan>;
}

export interface ScenarioReport {
  readonly jobs: number;
  /** Outcomes by kind. */
  readonly outcomes: Readonly<Record<TaskOutcome<unknown>['kind'], number>>;
  readonly latency: LatencyHistogram;
}

export interface SoakReport {
  readonly scenarios: Readonly<Record<SoakScenario, ScenarioReport>>;
  /** What the worker promises and did not keep, in words; empty when all is well. At most 100. */
  readonly breaches: readonly string[];
}

const BREACHES_MAX = 100;
const SHUTDOWN_GRACE_MS = 1000;

/** Runs the six scenarios of AW-10 and checks every promise of the worker on each of them. */
export async function runWorkerSoak(bench: SoakBench): Promise<SoakReport> {
  const plan: SoakPlan = { ...SOAK_DEFAULTS, ...bench.plan };
  const breaches: string[] = [];
  const reports: Partial<Record<SoakScenario, ScenarioReport>> = {};
  for (const scenario of SOAK_SCENARIOS) {
    const settled: TaskOutcome<unknown>[] = [];
    for (let iteration = 0; iteration < plan.iterationCount; iteration += 1) {
      for (const concurrencyMax of plan.concurrencies) {
        const round = new SoakRound(bench, plan, concurrencyMax);
        settled.push(...(await round.run(scenario)));
        breaches.push(...round.breaches.map((what) => `${scenario} at ${concurrencyMax}: ${what}`));
      }
    }
    reports[scenario] = describe(settled);
  }
  return { scenarios: reports as Record<SoakScenario, ScenarioReport>, breaches: breaches.slice(0, BREACHES_MAX) };
}

/** One scenario, on one worker of its own. */
class SoakRound {
  readonly breaches: string[] = [];
  readonly #bench: SoakBench;
  readonly #plan: SoakPlan;
  readonly #concurrencyMax: number;
  readonly #worker: AsyncWorker;
  #leaves = 0;
  #leavesMax = 0;

  constructor(bench: SoakBench, plan: SoakPlan, concurrencyMax: number) {
    this.#bench = bench;
    this.#plan = plan;
    this.#concurrencyMax = concurrencyMax;
    this.#worker = bench.makeWorker({
      concurrencyMax,
      queueMax: plan.jobCount * 2,
      shutdownGraceMs: SHUTDOWN_GRACE_MS,
    });
  }

  async run(scenario: SoakScenario): Promise<readonly TaskOutcome<unknown>[]> {
    const jobs = soakJobs(scenario, this.#plan, this.#bench.chance);
    const handles = jobs.map((job) => this.#submit(job));
    const all = Promise.all(handles.map(({ outcome }) => outcome));
    if (scenario === 'rapid_reconfiguration') await this.#sleep(this.#plan.shortMs * 1.5);
    else await this.#within(all, 'every outcome');
    const shutdown = await this.#shutDown();
    const outcomes = await this.#within(all, 'every outcome after shutdown');
    this.#judge(jobs, outcomes ?? []);
    this.#judgeStats(this.#worker.stats(), outcomes ?? [], shutdown?.lingering ?? 0);
    return outcomes ?? [];
  }

  #submit(job: SoakJob): TaskHandle<unknown> {
    const handle = this.#worker.submit((signal) => this.#work(job, signal), {
      ...(job.deadlineMs === undefined ? {} : { deadlineMs: job.deadlineMs }),
    });
    if (job.cancelAfterMs !== undefined) this.#bench.timers.after(job.cancelAfterMs, () => void handle.cancel());
    return handle;
  }

  async #work(job: SoakJob, signal: AbortSignal): Promise<string> {
    if (job.nests) {
      const inner = await this.#worker.submit((inside) => this.#leaf(job, inside)).outcome;
      return `nested ${inner.kind}`;
    }
    return this.#leaf(job, signal);
  }

  /** The code that really works: what the bound on concurrency is about. */
  async #leaf(job: SoakJob, signal: AbortSignal): Promise<string> {
    this.#leaves += 1;
    this.#leavesMax = Math.max(this.#leavesMax, this.#leaves);
    try {
      await this.#sleep(job.workMs, job.heedsSignal ? signal : undefined);
      if (job.ends === 'error') throw new Error('soak: planned failure');
      if (job.ends === 'own-timeout') throw new DOMException('soak: driver timed out', 'TimeoutError');
      return 'done';
    } finally {
      this.#leaves -= 1;
    }
  }

  async #shutDown(): Promise<ShutdownReport | undefined> {
    const idleBefore = accountsFor(this.#worker.stats()) && this.#worker.stats().lingering === 0;
    const startedAt = this.#bench.clock.monoMs();
    const first = await this.#within(this.#worker.shutdown(), 'shutdown');
    const tookMs = elapsedMs(startedAt, this.#bench.clock.monoMs());
    if (idleBefore && this.#worker.stats().cancelled === 0 && tookMs > SHUTDOWN_GRACE_MS / 2) {
      this.#breach(`shutdown of an idle worker took ${tookMs.toFixed(0)} ms`);
    }
    const again = await this.#within(this.#worker.shutdown(), 'second shutdown');
    if (first !== again) this.#breach('a second shutdown gave another report');
    const refused = await this.#within(this.#worker.submit(() => 'late').outcome, 'submission after shutdown');
    if (refused?.kind !== 'refused') this.#breach(`a submission after shutdown was ${refused?.kind}`);
    return first;
  }

  #judge(jobs: readonly SoakJob[], outcomes: readonly TaskOutcome<unknown>[]): void {
    outcomes.forEach((outcome, index) => {
      const job = jobs[index];
      if (job !== undefined) this.breaches.push(...brokenPromises(job, outcome, this.#plan));
    });
    if (this.#leavesMax > this.#concurrencyMax) this.#breach(`${this.#leavesMax} tasks executed at once`);
  }

  #judgeStats(stats: WorkerStats, outcomes: readonly TaskOutcome<unknown>[], lingering: number): void {
    if (!accountsFor(stats)) this.#breach(`counters do not add up: ${JSON.stringify(stats)}`);
    if (stats.queued + stats.running !== 0) this.#breach('tasks left after shutdown');
    if (stats.lingering !== lingering) this.#breach('shutdown reported another number of lingering tasks');
    const seen = outcomes.filter(({ kind }) => kind === 'timed_out').length;
    if (stats.timedOut < seen) this.#breach(`${seen} deadlines passed and ${stats.timedOut} were counted`);
    const cancelled = outcomes.filter(({ kind }) => kind === 'cancelled').length;
    if (stats.cancelled < cancelled) this.#breach(`${cancelled} cancelled and ${stats.cancelled} counted`);
  }

  /** What never settles must end the soak, not hang it. */
  async #within<T>(awaited: Promise<T>, what: string): Promise<T | undefined> {
    const limitMs = this.#plan.jobCount * (this.#plan.longMs + this.#plan.jitterMs) + 10 * SHUTDOWN_GRACE_MS;
    return new Promise((resolve, reject) => {
      const disarm = this.#bench.timers.after(limitMs, () => {
        this.#breach(`${what} did not come within ${limitMs} ms`);
        resolve(undefined);
      });
      awaited.then(resolve, reject).finally(disarm);
    });
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const disarm = this.#bench.timers.after(ms, resolve);
      const stop = (): void => {
        disarm();
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  #breach(what: string): void {
    this.breaches.push(what);
  }
}

function brokenPromises(job: SoakJob, outcome: TaskOutcome<unknown>, plan: SoakPlan): readonly string[] {
  if (outcome.kind === 'refused') return [];
  const overMs = outcome.elapsedMs - (job.deadlineMs ?? Number.POSITIVE_INFINITY);
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [outcome.kind === 'failed' && job.ends === 'value', 'a job failed that was to give a value'],
    [outcome.kind === 'completed' && job.ends !== 'value' && !toldOfFailure(outcome.value), 'a failing job completed'],
    [outcome.kind === 'timed_out' && job.deadlineMs === undefined, 'timed out without a deadline'],
    [outcome.kind === 'completed' && overMs > 0, 'completed after its deadline'],
    [overMs > plan.overshootMsMax, `answered ${overMs.toFixed(0)} ms after its deadline`],
  ];
  return rules.filter(([broken]) => broken).map(([, what]) => what);
}

/** A job that nests completes with what became of the inner one: told, a failure is no promise broken. */
const toldOfFailure = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith('nested ') && value !== 'nested completed';

function describe(outcomes: readonly TaskOutcome<unknown>[]): ScenarioReport {
  const kinds = { completed: 0, failed: 0, timed_out: 0, cancelled: 0, refused: 0 };
  const samplesMs: number[] = [];
  for (const outcome of outcomes) {
    kinds[outcome.kind] += 1;
    if (outcome.kind !== 'refused') samplesMs.push(outcome.elapsedMs);
  }
  return { jobs: outcomes.length, outcomes: kinds, latency: latencyHistogram(samplesMs) };
}
