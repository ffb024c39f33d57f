import { systemClock } from '@esper/std/node';
import type { OperatorAction } from '@esper/tamiyo';
import { finiteKpis } from '../core/kpi-table.js';
import { type Assertion, assertion } from '../core/outcome.js';
import type { MarkPoint } from '../core/recording.js';
import { quantile } from '../core/statistics.js';
import { driveRun, type StepHook } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const RUN = 'operator-override';
type Span = readonly [from: number, to: number];

/** Conservative by order, held, and with a breaker forced open: a quarter of the run each. */
const spans = (steps: number): { conservative: Span; held: Span; breaker: Span } => {
  const quarter = Math.floor(steps / 4);
  return {
    conservative: [quarter, quarter + 8],
    held: [2 * quarter, 2 * quarter + 8],
    breaker: [3 * quarter, 3 * quarter + 8],
  };
};

async function order(
  at: Watched,
  what: Pick<OperatorAction, 'kind'> & { breaker?: 'inference' },
  why: string,
): Promise<void> {
  const by = { who: 'scenario', why, untilMs: systemClock.wallMs() + 600_000 };
  const done = await at.host.operate({ ...what, trainingRunId: RUN, order: by } as OperatorAction);
  if (!done.ok) throw done.error;
}

const marksOf = (at: Readonly<Record<string, Span>>): readonly MarkPoint[] =>
  Object.entries(at).flatMap(([name, [from, to]]) => [
    { step: from, name: `${name} ordered`, detail: '' },
    { step: to, name: `${name} ended`, detail: '' },
  ]);

/** Gives the orders of the scenario at their steps, and measures how long each takes to be in force. */
function ordersOf(host: Watched, { steps, sabotaged }: ScenarioRequest, orderMs: number[]): StepHook {
  const at = spans(steps);
  const ordered = async (what: Parameters<typeof order>[1], why: string) => {
    if (sabotaged) return;
    const orderedAt = performance.now();
    await order(host, what, why);
    orderMs.push(performance.now() - orderedAt);
  };
  return async (step) => {
    if (step === at.conservative[0]) await ordered({ kind: 'conservative_set' }, 'maintenance');
    if (step === at.conservative[1]) await ordered({ kind: 'conservative_clear' }, 'done');
    if (step === at.held[0]) await ordered({ kind: 'hold' }, 'inspection');
    if (step === at.held[1]) await ordered({ kind: 'release' }, 'inspected');
    if (step === at.breaker[0]) await ordered({ kind: 'breaker_open', breaker: 'inference' }, 'suspect');
    if (step === at.breaker[1]) await ordered({ kind: 'breaker_reset', breaker: 'inference' }, 'cleared');
  };
}

async function run(request: ScenarioRequest) {
  const at = spans(request.steps);
  const orderMs: number[] = [];
  const seen = await withHost(request, (host) =>
    driveRun(host, {
      trainingRunId: RUN,
      seed: request.seed,
      steps: request.steps,
      onStep: (step) => request.progress(step, request.steps),
      beforeDecision: ordersOf(host, request, orderMs),
    }),
  );
  const { decisions, failures } = seen.found.recorder.recording;
  const inside = ([from, to]: Span, { step }: { step: number }) => step >= from && step < to;
  const failedWith = (code: string, span: Span) =>
    failures.filter((failure) => failure.code === code && inside(span, failure)).length;
  const length = ([from, to]: Span) => to - from;
  const paused = decisions.filter((point) => inside(at.conservative, point));
  const assertions: readonly Assertion[] = [
    assertion(
      'conservative by order: every command is a PAUSE',
      paused.length > 0 && paused.every(({ command, conservative }) => command === 'PAUSE' && conservative),
      `${paused.filter(({ command }) => command === 'PAUSE').length} of ${paused.length}`,
    ),
    assertion(
      'held: no command leaves',
      failedWith('RUN_HELD', at.held) === length(at.held),
      failedWith('RUN_HELD', at.held),
    ),
    assertion(
      'a breaker forced open: the guarded call is not made',
      failedWith('BREAKER_OPEN', at.breaker) === length(at.breaker),
      failedWith('BREAKER_OPEN', at.breaker),
    ),
    assertion(
      'after each order the host decides again',
      decisions.some(({ step }) => step > at.breaker[1]),
      decisions.length,
    ),
    assertion('each order stands in the log', seen.log.operatorOrders === 6, seen.log.operatorOrders),
  ];
  return {
    assertions: [...assertions, ...alwaysPromised([seen.found], seen)],
    kpis: {
      ...seen.hostKpis,
      ...runKpis([seen.found], seen.seconds),
      ...finiteKpis({ order_ms_p95: quantile(orderMs, 0.95) }),
    },
    recordings: [{ ...seen.found.recorder.recording, samples: seen.samples, marks: marksOf(at) }],
    extra: { orders: seen.log.operatorOrders },
  };
}

export const operatorOverride: Scenario = {
  about:
    'An operator sets conservative mode, holds the run and forces a breaker open, each for a while: all of it in force at once, recorded, and over when it is over.',
  sabotage: 'The orders are never given.',
  steps: { short: 60, usual: 160 },
  run,
};
