import { systemClock } from '@esper/std/node';
import { type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import { loadRequest } from '../../src/adapters/hosting/model-to-host.js';
import { preciseTimers } from '../../src/adapters/hosting/precise-timers.js';
import { startProcessRuntime } from '../../src/adapters/hosting/process-runtime.js';
import { resolveHostOptions } from '../../src/core/hosting/host-options.js';
import { createThreadHost } from '../../src/node.js';
import type { InferenceHost } from '../../src/ports.js';
import { type ObservedInferenceHost, openInferencePool } from '../../src/shell/hosting/inference-pool.js';
import { childrenOf, HAS_PROC, isAlive, until } from '../hosts/child-processes.js';
import { FOR_EVER, LOOP_MODEL, loopInputs } from '../hosts/loop-model.js';
import { HANG_FAULTS, type HangFault } from './hang-faults.js';

/**
 * A model that loops for hours is called again and again. Each time: the deadline must be kept, no answer may come late,
 * the core must be free again, and the next call must be served by a warm standby within one deadline.
 */
const DEADLINE_MS = 50;
const APART_MS = 1000;
const BEYOND_MS_MAX = 3;
const RELEASE_MS_MAX = 1000;
const UNAVAILABLE_MS_MAX = 10;
const STANDBY_MS_MAX = 10_000;
const BARE_TIMERS_PER_HANG = 6;
/** A thread cannot be cut off: its loop ends by itself, well after the deadline. */
const THREAD_TRIPS = 60_000n;
const THREAD_CALLS_MAX = 5;

interface Samples {
  readonly overshootMs: number[];
  /** Overshoot of a call less that of a plain timer set at the same moment. */
  readonly beyondMs: number[];
  readonly bareTimerMs: number[];
  readonly nextGoodMs: number[];
  readonly releaseMs: number[];
  /** From a hang to two warm runtimes again. */
  readonly standbyMs: number[];
  calls: number;
  late: number;
  readonly failures: string[];
}

const noSamples = (): Samples => ({
  overshootMs: [],
  beyondMs: [],
  bareTimerMs: [],
  nextGoodMs: [],
  releaseMs: [],
  standbyMs: [],
  calls: 0,
  late: 0,
  failures: [],
});

const quantile = (samples: readonly number[], ratio: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return Number((sorted[Math.max(0, Math.ceil(ratio * sorted.length) - 1)] ?? 0).toFixed(3));
};

/** How late a plain `setTimeout` is, on this machine, at this moment, in this process. */
async function bareTimer(): Promise<number> {
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS));
  return performance.now() - startedAt - DEADLINE_MS;
}

async function pause(samples: Samples, untilAt: number): Promise<void> {
  for (let timer = 0; timer < BARE_TIMERS_PER_HANG; timer += 1) samples.bareTimerMs.push(await bareTimer());
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, untilAt - performance.now())));
}

/** One hang, and the good call after it. */
async function hangOnce(host: InferenceHost, trips: bigint, samples: Samples): Promise<void> {
  samples.calls += 1;
  const inputs = loopInputs(trips);
  // A plain timer set in the same tick meets the same stalls of the machine: what is left is ours.
  const bare = bareTimer();
  const startedAt = performance.now();
  const reply = await host.infer(inputs, DEADLINE_MS);
  const answeredAt = performance.now();
  samples.overshootMs.push(answeredAt - startedAt - DEADLINE_MS);
  samples.beyondMs.push(answeredAt - startedAt - DEADLINE_MS - (await bare));
  if (reply.ok) samples.late += 1;
  else if (reply.error.code !== 'inference_timeout') samples.failures.push(`a hang was answered ${reply.error.code}`);
  const next = await host.infer(loopInputs(1n), DEADLINE_MS);
  samples.nextGoodMs.push(performance.now() - answeredAt);
  if (!next.ok) samples.failures.push(`the call after a hang was answered ${next.error.code}`);
}

/** How long after the answer the overdue process is gone. */
async function released(pids: readonly number[], answeredAt: number): Promise<number> {
  await until('the overdue process is gone', () => pids.some((pid) => !isAlive(pid)), 3000);
  return performance.now() - answeredAt;
}

/** The promise is about a hang with a ready standby; how long that takes is reported. */
async function warmed(host: InferenceHost, samples: Samples): Promise<void> {
  const startedAt = performance.now();
  await until('a standby is warm', () => host.readyCount() > 1, STANDBY_MS_MAX).catch((error: Error) =>
    samples.failures.push(error.message),
  );
  samples.standbyMs.push(APART_MS + performance.now() - startedAt);
}

async function drillProcess(host: InferenceHost, observed: ObservedInferenceHost, goOn: (calls: number) => boolean) {
  const samples = noSamples();
  while (goOn(samples.calls)) {
    const nextAt = performance.now() + DEADLINE_MS + APART_MS;
    await warmed(host, samples);
    const pids = HAS_PROC ? childrenOf(process.pid) : [];
    await hangOnce(host, FOR_EVER, samples);
    if (HAS_PROC) {
      const answeredAt = performance.now() - (samples.nextGoodMs.at(-1) ?? 0);
      await released(pids, answeredAt).then(
        (ms) => samples.releaseMs.push(ms),
        (error: Error) => samples.failures.push(error.message),
      );
    }
    await pause(samples, nextAt);
    if (samples.failures.length > 3) break;
  }
  return { samples, deaths: observed.stats().unorderedDeaths, lateDropped: observed.stats().lateDropped };
}

async function drillThread(calls: number): Promise<{ samples: Samples; deaths: number }> {
  const samples = noSamples();
  const host = await createThreadHost({ model: LOOP_MODEL });
  for (let call = 0; call < calls; call += 1) {
    await until('both threads are back', () => host.readyCount() === 2);
    await hangOnce(host, THREAD_TRIPS, samples);
    await pause(samples, 0);
  }
  const { unorderedDeaths } = host.stats();
  await host.close();
  return { samples, deaths: unorderedDeaths };
}

/** With nothing to take over, the answer must come at once, not at the deadline. */
async function unavailableMs(failures: string[]): Promise<number> {
  const host = await openHost({ means: '', standbyCount: 0 });
  await host.infer(loopInputs(FOR_EVER), DEADLINE_MS);
  const startedAt = performance.now();
  const reply = await host.infer(loopInputs(1n), DEADLINE_MS);
  const tookMs = performance.now() - startedAt;
  if (reply.ok || reply.error.code !== 'inference_unavailable') failures.push('no standby, yet not unavailable');
  await host.close();
  return tookMs;
}

function openHost(fault: HangFault | undefined): Promise<ObservedInferenceHost> {
  const request = loadRequest({ model: LOOP_MODEL });
  const maker = { overdue: 'kill', start: () => startProcessRuntime(LOOP_MODEL, request) } as const;
  return openInferencePool(resolveHostOptions({ standbyCount: fault?.standbyCount ?? 1 }), {
    clock: systemClock,
    timers: preciseTimers,
    maker: fault?.maker?.(maker) ?? maker,
  });
}

/** Stalls that both would meet do not count; that it is no slower as a rule than timers when nothing goes on, does. */
const slowerThanQuietMs = ({ overshootMs, bareTimerMs }: Samples): number =>
  quantile(overshootMs, 0.5) - quantile(bareTimerMs, 0.5);

await runDrill(
  {
    name: 'policy:hang',
    defaultBudgetMs: 20_000,
    sabotages: Object.fromEntries(Object.entries(HANG_FAULTS).map(([name, { means }]) => [name, means])),
  },
  async ({ budgetMs, count, sabotage }): Promise<DrillOutcome> => {
    const fault = sabotage === undefined ? undefined : HANG_FAULTS[sabotage];
    const endAt = performance.now() + budgetMs;
    const observed = await openHost(fault);
    const host = fault?.host?.(observed) ?? observed;
    const { samples, deaths, lateDropped } = await drillProcess(host, observed, (calls) =>
      count === undefined ? performance.now() < endAt : calls < count,
    );
    await observed.close();
    const { failures } = samples;
    const atOnceMs = await unavailableMs(failures);
    const thread = await drillThread(Math.min(THREAD_CALLS_MAX, count ?? THREAD_CALLS_MAX));
    failures.push(...thread.samples.failures);

    const late = samples.late + thread.samples.late;
    const allDeaths = deaths + thread.deaths;
    const cpuReleasedMs = quantile(samples.releaseMs, 1);
    const beyondP99 = Math.max(0, quantile(samples.beyondMs, 0.99));
    const nextGoodP99 = quantile(samples.nextGoodMs, 0.99);
    const rules: readonly (readonly [broken: boolean, what: string])[] = [
      [late + lateDropped > 0, `${late + lateDropped} answers came late`],
      [allDeaths > 0, `${allDeaths} runtimes died although nobody ordered it`],
      [beyondP99 > BEYOND_MS_MAX, `${beyondP99} ms beyond a bare timer, at most ${BEYOND_MS_MAX}`],
      [slowerThanQuietMs(samples) > BEYOND_MS_MAX, 'as a rule slower than a bare timer while nothing goes on'],
      [nextGoodP99 > DEADLINE_MS, `the next good decision took ${nextGoodP99} ms, at most ${DEADLINE_MS}`],
      [cpuReleasedMs > RELEASE_MS_MAX, `the core was free after ${cpuReleasedMs} ms, at most ${RELEASE_MS_MAX}`],
      [atOnceMs > UNAVAILABLE_MS_MAX, `unavailable took ${atOnceMs.toFixed(1)} ms, at most ${UNAVAILABLE_MS_MAX}`],
    ];
    return {
      json: {
        calls: samples.calls,
        late,
        deaths: allDeaths,
        overshootMs: { p50: quantile(samples.overshootMs, 0.5), p99: quantile(samples.overshootMs, 0.99) },
        bareTimerMs: { p99: quantile(samples.bareTimerMs, 0.99) },
        beyondTimerMs: { p99: beyondP99 },
        nextGoodMs: { p99: nextGoodP99 },
        cpuReleasedMs,
        standbyMsMax: quantile(samples.standbyMs, 1),
        unavailableMs: Number(atOnceMs.toFixed(3)),
        thread: {
          calls: thread.samples.calls,
          overshootMs: { p99: quantile(thread.samples.overshootMs, 0.99) },
          beyondTimerMs: { p99: quantile(thread.samples.beyondMs, 0.99) },
        },
      },
      failures: [...failures, ...rules.filter(([broken]) => broken).map(([, what]) => what)],
    };
  },
);
