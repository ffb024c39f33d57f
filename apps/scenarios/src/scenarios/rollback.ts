import type { Fault } from '@esper/harness';
import { finiteKpis, type Kpis } from '../core/kpi-table.js';
import { assertion, type ScenarioOutcome } from '../core/outcome.js';
import { quantile } from '../core/statistics.js';
import { type DrivenRun, driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

/** Limits of the two tiers, from the trigger to the confirmed restore (RB-01). */
const FAST_MS_MAX = 500;
const FULL_MS_MAX = 12_000;
/** Each drill is a run of its own: time for grafts, a spike, a restore, and some steps to see that the run is well. */
const SPIKE_AT = 40;
const SPIKE = { steps: 8, factor: 300 } as const;
const STEPS_PER_DRILL = SPIKE_AT + SPIKE.steps + 8;
/** Drills at once. */
const LANES = 2;

type Tier = 'fast' | 'full';

interface Drill {
  readonly run: DrivenRun;
  readonly tier: Tier | undefined;
  /** From the packet that showed the critical evidence to the confirmation of the restore, at the host. */
  readonly triggerToConfirmedMs: number;
  /** Restores whose digest was not confirmed in the full tier either. */
  readonly notConfirmed: number;
}

const SETTINGS = { 'risk.rollbackRecentDecisions': 1_000_000 } as const;

/** Every second drill finds the snapshots in memory rotten, so that the fast tier fails over to the full one. */
function faultsOf(index: number): readonly Fault[] {
  const spike: Fault = { kind: 'lr_spike', atStep: SPIKE_AT, steps: SPIKE.steps, value: SPIKE.factor };
  const rot: Fault = { kind: 'snapshot_rot', atStep: SPIKE_AT, steps: SPIKE.steps, value: 0 };
  return index % 2 === 0 ? [spike] : [spike, rot];
}

async function drill(at: Watched, seed: number, index: number): Promise<Drill> {
  let askedAt = 0;
  let triggeredAt: number | undefined;
  let restored: Pick<Drill, 'tier' | 'triggerToConfirmedMs'> | undefined;
  let notConfirmed = 0;
  const run = await driveRun(at, {
    trainingRunId: `rollback-${index}`,
    seed: seed + index,
    steps: STEPS_PER_DRILL,
    faults: faultsOf(index),
    options: { checkpointEverySteps: 2, snapshotEverySteps: 2 },
    beforeDecision: () => {
      askedAt = performance.now();
    },
    onDelivered: (_, { command }) => {
      if (command.commandType === 'ROLLBACK') triggeredAt = askedAt;
    },
    onEvent: ({ name, attributes }) => {
      if (name === 'tolaria.rollback.restore_failed' && attributes['tier'] === 'full') notConfirmed += 1;
      if (name !== 'tolaria.rollback.restored' || triggeredAt === undefined) return;
      restored ??= { tier: attributes['tier'] as Tier, triggerToConfirmedMs: performance.now() - triggeredAt };
    },
  });
  return { run, notConfirmed, ...(restored ?? { tier: undefined, triggerToConfirmedMs: Number.NaN }) };
}

async function drills(at: Watched, { seed, steps: count, progress }: ScenarioRequest): Promise<readonly Drill[]> {
  const found: Drill[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      found.push(await drill(at, seed, index));
      progress(found.length, count);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}

const times = (drills: readonly Drill[], tier: Tier): readonly number[] =>
  drills.filter((drill) => drill.tier === tier).map(({ triggerToConfirmedMs }) => triggerToConfirmedMs);

/** A run of its own whose one restore is deliberately slower than its tier allows. */
const breachedRun = (at: Watched, seed: number): Promise<DrivenRun> =>
  driveRun(at, {
    trainingRunId: 'rollback-slow',
    seed,
    steps: STEPS_PER_DRILL,
    faults: [
      { kind: 'slow_restore', atStep: SPIKE_AT, steps: 1, value: FAST_MS_MAX + 200 },
      { kind: 'lr_spike', atStep: SPIKE_AT, steps: SPIKE.steps, value: SPIKE.factor },
    ],
    options: { snapshotEverySteps: 2, checkpointEverySteps: 2 },
  });

async function run(request: ScenarioRequest): Promise<ScenarioOutcome> {
  const settings = { ...SETTINGS, ...(request.sabotaged ? { 'risk.rollbackDirectivesMax': 0 } : {}) };
  const seen = await withHost({ ...request, settings }, async (at) => {
    request.say(`${request.steps} drills, every second one with rotten snapshots`);
    const drilled = await drills(at, request);
    request.say('one restore that is slower than its tier allows');
    return { drilled, breached: await breachedRun(at, request.seed) };
  });
  const { drilled, breached } = seen.found;
  const restored = drilled.filter(({ tier }) => tier !== undefined);
  const notConfirmed = drilled.reduce((sum, each) => sum + each.notConfirmed, 0);
  const runs = [...drilled.map((each) => each.run), breached];
  const [fast, full] = [times(drilled, 'fast'), times(drilled, 'full')];
  const late = fast.filter((ms) => ms > FAST_MS_MAX).length + full.filter((ms) => ms > FULL_MS_MAX).length;
  const halted = breached.summary.halted;
  const halts = seen.watch.emergencies('emergency.halt');
  return {
    assertions: [
      assertion(
        'critical risk after a graft asked for a rollback',
        restored.length >= request.steps * 0.8,
        `${restored.length} of ${request.steps}`,
      ),
      assertion(
        `a fast restore is confirmed within ${FAST_MS_MAX} ms`,
        fast.length > 0 && fast.every((ms) => ms <= FAST_MS_MAX),
        spread(fast),
      ),
      assertion(
        `a full restore is confirmed within ${FULL_MS_MAX} ms`,
        full.length > 0 && full.every((ms) => ms <= FULL_MS_MAX),
        spread(full),
      ),
      assertion('every restored weight was confirmed by its digest', notConfirmed === 0, notConfirmed),
      assertion('a deliberately slow restore halts its run', halted === 'rollback_deadline', halted ?? 'not halted'),
      assertion('the halt was seen on the emergency stream', halts > 0, halts),
      ...alwaysPromised(runs, seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis(runs, seen.seconds), ...tierKpis(fast, full) },
    recordings: runs
      .slice(0, 2)
      .map(({ recorder }, index) =>
        index === 0 ? { ...recorder.recording, samples: seen.samples } : recorder.recording,
      )
      .concat(breached.recorder.recording),
    extra: {
      drills: restored.length,
      fast: { p50Ms: quantile(fast, 0.5), p99Ms: quantile(fast, 0.99) },
      full: { p50Ms: quantile(full, 0.5), p99Ms: quantile(full, 0.99) },
      digestMismatches: notConfirmed,
      breaches: late + (halted === 'rollback_deadline' ? 1 : 0),
      deliberateBreaches: halted === 'rollback_deadline' ? 1 : 0,
      ...objective(restored.length, late),
    },
  };
}

/** Restores that must be in time, as a share: the error budget is what is left of 1. */
const OBJECTIVE = 0.99;

/** The objective, how much of its error budget these drills have used, and how fast: 1 is exactly the budget. */
function objective(drills: number, late: number): Readonly<Record<string, number>> {
  const budget = drills * (1 - OBJECTIVE);
  return { objective: OBJECTIVE, errorBudget: budget, lateDrills: late, burnRate: budget === 0 ? 0 : late / budget };
}

const spread = (ms: readonly number[]): string =>
  ms.length === 0
    ? 'none'
    : `${ms.length}: p50 ${quantile(ms, 0.5).toFixed(1)}, worst ${Math.max(...ms).toFixed(1)} ms`;

const tierKpis = (fast: readonly number[], full: readonly number[]): Kpis =>
  finiteKpis({
    rollback_fast_ms_p50: quantile(fast, 0.5),
    rollback_fast_ms_p99: quantile(fast, 0.99),
    rollback_full_ms_p50: quantile(full, 0.5),
    rollback_full_ms_p99: quantile(full, 0.99),
  });

export const rollback: Scenario = {
  about:
    'Spike after spike: critical risk asks for a rollback, real weights come back and their digest is confirmed, within the limits of both tiers.',
  sabotage: 'The risk engine never asks for a rollback.',
  steps: { short: 6, usual: 60 },
  run,
};
