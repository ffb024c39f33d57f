import { systemClock } from '@esper/std/node';
import type { DrillOutcome } from '../../../../tools/drill/drill.ts';
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
const BARE_TIMERS_PER_HANG = 6;
/** Planted delays are so many bounds long, and this much more: a plain timer that is late itself does not hide them. */
const BOUNDS_BEYOND = 3;
const CLEARLY_MS = 12;

/** How long, and what is still in time. */
export interface HangPlan {
  readonly goOn: (calls: number) => boolean;
  /** From one hang to the next. */
  readonly apartMs: number;
  /** Hangs of a thread host, and one of a host without standby; 0 leaves both out. */
  readonly threadCalls: number;
  /** From a hang until a standby is warm again. */
  readonly standbyMsMax: number;
  /** Later at the 99th percentile than plain timers that were set at the same moments. */
  readonly beyondMsMax: number;
  /** From the answer to a hang until the core is free. */
  readonly releaseMsMax: number;
  /** An answer of "nothing is ready". */
  readonly unavailableMsMax: number;
  /** The deadline of the good call after a hang, and how long it may take. */
  readonly nextGoodDeadlineMs: number;
  readonly nextGoodMsMax: number;
}
/** A thread cannot be cut off: its loop ends by itself, well after the deadline. */
const THREAD_TRIPS = 60_000n;

interface Samples {
  readonly overshootMs: number[];
  /** Overshoot of the plain timers that were set with the calls. */
  readonly besideMs: number[];
  /** Of those set while nothing hangs. */
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
  besideMs: [],
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

interface Hang extends Pick<HangPlan, 'nextGoodDeadlineMs'> {
  readonly trips: bigint;
}

/** One hang, and the good call after it. */
async function hangOnce(host: InferenceHost, { trips, nextGoodDeadlineMs }: Hang, samples: Samples): Promise<void> {
  samples.calls += 1;
  const inputs = loopInputs(trips);
  // A plain timer set in the same tick meets the same stalls of the machine: what is left is ours.
  const bare = bareTimer();
  const startedAt = performance.now();
  const reply = await host.infer(inputs, DEADLINE_MS);
  const answeredAt = performance.now();
  samples.overshootMs.push(answeredAt - startedAt - DEADLINE_MS);
  samples.besideMs.push(await bare);
  if (reply.ok) samples.late += 1;
  else if (reply.error.code !== 'inference_timeout') samples.failures.push(`a hang was answered ${reply.error.code}`);
  const next = await host.infer(loopInputs(1n), nextGoodDeadlineMs);
  samples.nextGoodMs.push(performance.now() - answeredAt);
  if (!next.ok) samples.failures.push(`the call after a hang was answered ${next.error.code}`);
}

/** How long after the answer the overdue process is gone. */
async function released(pids: readonly number[], answeredAt: number, limitMs: number): Promise<number> {
  await until('the overdue process is gone', () => pids.some((pid) => !isAlive(pid)), limitMs);
  return performance.now() - answeredAt;
}

/** The promise is about a hang with a ready standby; how long that takes is reported. */
async function warmed(host: InferenceHost, { apartMs, standbyMsMax }: HangPlan, samples: Samples): Promise<void> {
  const startedAt = performance.now();
  await until('a standby is warm', () => host.readyCount() > 1, standbyMsMax).catch((error: Error) =>
    samples.failures.push(error.message),
  );
  samples.standbyMs.push(apartMs + performance.now() - startedAt);
}

async function drillProcess(host: InferenceHost, observed: ObservedInferenceHost, plan: HangPlan) {
  const samples = noSamples();
  while (plan.goOn(samples.calls)) {
    const nextAt = performance.now() + DEADLINE_MS + plan.apartMs;
    await warmed(host, plan, samples);
    const pids = HAS_PROC ? childrenOf(process.pid) : [];
    await hangOnce(host, { ...plan, trips: FOR_EVER }, samples);
    if (HAS_PROC) {
      const answeredAt = performance.now() - (samples.nextGoodMs.at(-1) ?? 0);
      await released(pids, answeredAt, 3 * plan.releaseMsMax).then(
        (ms) => samples.releaseMs.push(ms),
        (error: Error) => samples.failures.push(error.message),
      );
    }
    await pause(samples, nextAt);
    if (samples.failures.length > 0) break;
  }
  return { samples, deaths: observed.stats().unorderedDeaths, lateDropped: observed.stats().lateDropped };
}

async function drillThread({
  threadCalls,
  nextGoodDeadlineMs,
}: HangPlan): Promise<{ samples: Samples; deaths: number }> {
  const samples = noSamples();
  if (threadCalls === 0) return { samples, deaths: 0 };
  const host = await createThreadHost({ model: LOOP_MODEL });
  for (let call = 0; call < threadCalls; call += 1) {
    await until('both threads are back', () => host.readyCount() === 2);
    await hangOnce(host, { trips: THREAD_TRIPS, nextGoodDeadlineMs }, samples);
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

/**
 * How much later calls return than plain timers set at the same moments, both at the 99th percentile: the two meet the same
 * stalls of the machine, though not always in the same call.
 */
const beyondP99Ms = ({ overshootMs, besideMs }: Samples): number =>
  Number((quantile(overshootMs, 0.99) - quantile(besideMs, 0.99)).toFixed(3));

/** The same, call by call: a stall that hits but one of the two shows here in full. */
const pairedP99Ms = ({ overshootMs, besideMs }: Samples): number =>
  quantile(
    overshootMs.map((ms, call) => ms - (besideMs[call] ?? 0)),
    0.99,
  );

/** Stalls that both would meet do not count; that it is no slower as a rule than timers when nothing goes on, does. */
const slowerThanQuietMs = ({ overshootMs, bareTimerMs }: Samples): number =>
  quantile(overshootMs, 0.5) - quantile(bareTimerMs, 0.5);

interface Seen {
  readonly samples: Samples;
  readonly late: number;
  readonly deaths: number;
  readonly atOnceMs: number;
}

function judge({ samples, late, deaths, atOnceMs }: Seen, plan: HangPlan): readonly string[] {
  const beyondP99 = beyondP99Ms(samples);
  const nextGoodP99 = quantile(samples.nextGoodMs, 0.99);
  const cpuReleasedMs = quantile(samples.releaseMs, 1);
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [late > 0, `${late} answers came late`],
    [deaths > 0, `${deaths} runtimes died although nobody ordered it`],
    [beyondP99 > plan.beyondMsMax, `${beyondP99} ms beyond a bare timer, at most ${plan.beyondMsMax}`],
    [slowerThanQuietMs(samples) > plan.beyondMsMax, 'as a rule slower than a bare timer while nothing goes on'],
    [nextGoodP99 > plan.nextGoodMsMax, `the next good decision took ${nextGoodP99} ms, at most ${plan.nextGoodMsMax}`],
    [cpuReleasedMs > plan.releaseMsMax, `the core was free after ${cpuReleasedMs} ms, at most ${plan.releaseMsMax}`],
    [atOnceMs > plan.unavailableMsMax, `unavailable took ${atOnceMs.toFixed(1)} ms, at most ${plan.unavailableMsMax}`],
  ];
  return [...samples.failures, ...rules.filter(([broken]) => broken).map(([, what]) => what)];
}

/** The whole drill, with a fault planted in the process host when one is named. */
export async function runHangDrill(plan: HangPlan, faultName?: string): Promise<DrillOutcome> {
  const fault =
    faultName === undefined ? undefined : HANG_FAULTS[faultName]?.(BOUNDS_BEYOND * plan.beyondMsMax + CLEARLY_MS);
  const observed = await openHost(fault);
  const host = fault?.host?.(observed) ?? observed;
  const { samples, deaths, lateDropped } = await drillProcess(host, observed, plan);
  await observed.close();
  const atOnceMs = plan.threadCalls === 0 ? 0 : await unavailableMs(samples.failures);
  const thread = await drillThread(plan);
  samples.failures.push(...thread.samples.failures);
  const late = samples.late + thread.samples.late;
  // A good call that came late on a busy machine was dropped as it must be: told, and no fault.
  const seen = { samples, late, deaths: deaths + thread.deaths, atOnceMs };
  return {
    json: {
      calls: samples.calls,
      late,
      lateDropped,
      deaths: seen.deaths,
      overshootMs: { p50: quantile(samples.overshootMs, 0.5), p99: quantile(samples.overshootMs, 0.99) },
      bareTimerMs: { p99: quantile(samples.bareTimerMs, 0.99) },
      beyondTimerMs: { p99: beyondP99Ms(samples), paired: pairedP99Ms(samples) },
      nextGoodMs: { p99: quantile(samples.nextGoodMs, 0.99) },
      cpuReleasedMs: quantile(samples.releaseMs, 1),
      standbyMsMax: quantile(samples.standbyMs, 1),
      unavailableMs: Number(atOnceMs.toFixed(3)),
      thread: {
        calls: thread.samples.calls,
        overshootMs: { p99: quantile(thread.samples.overshootMs, 0.99) },
        beyondTimerMs: { p99: beyondP99Ms(thread.samples) },
      },
    },
    failures: judge(seen, plan),
  };
}
