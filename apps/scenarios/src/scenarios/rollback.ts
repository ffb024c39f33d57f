import type { Fault } from '@esper/harness';
import { finiteKpis, type Kpis } from '../core/kpi-table.js';
import { type Assertion, assertion, type ScenarioOutcome } from '../core/outcome.js';
import { quantile } from '../core/statistics.js';
import { type DrivenRun, driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Observed, type Watched, withHost } from '../drive/with-host.js';
import { restoreFigure } from '../report/restore-figure.js';
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
  const account = accountOf(seen.found, request.steps);
  const { restored, runs, fast, full, breached } = account;
  return {
    assertions: [...promises(account, seen), ...alwaysPromised(runs, seen)],
    kpis: {
      ...seen.hostKpis,
      ...runKpis(runs, seen.seconds),
      ...tierKpis(fast, full),
      rollback_budget_used: account.sla.budgetUsedRatio,
    },
    recordings: runs
      .slice(0, 2)
      .map(({ recorder }, index) =>
        index === 0 ? { ...recorder.recording, samples: seen.samples } : recorder.recording,
      )
      .concat(breached.recorder.recording),
    extra: {
      drills: restored.length,
      fast: distribution(fast),
      full: distribution(full),
      digestMismatches: account.notConfirmed,
      breaches: account.sla.lateDrills + account.deliberate,
      deliberateBreaches: account.deliberate,
      parts: partsOf(runs),
      ...account.sla,
    },
    figures: restoreFigure(
      restored.map(({ tier, triggerToConfirmedMs: ms }) => ({ tier: tier as Tier, ms })),
      { fast: FAST_MS_MAX, full: FULL_MS_MAX },
    ),
  };
}

type Found = { readonly drilled: readonly Drill[]; readonly breached: DrivenRun };

/** The drills, added up. */
function accountOf({ drilled, breached }: Found, wanted: number) {
  const restored = drilled.filter(({ tier }) => tier !== undefined);
  const [fast, full] = [times(drilled, 'fast'), times(drilled, 'full')];
  const late = fast.filter((ms) => ms > FAST_MS_MAX).length + full.filter((ms) => ms > FULL_MS_MAX).length;
  const { halted } = breached.summary;
  return {
    wanted,
    breached,
    restored,
    fast,
    full,
    notConfirmed: drilled.reduce((sum, each) => sum + each.notConfirmed, 0),
    runs: [...drilled.map((each) => each.run), breached],
    deliberate: halted === 'rollback_deadline' ? 1 : 0,
    sla: errorBudget(restored.length, late),
  };
}

function promises(account: ReturnType<typeof accountOf>, { watch }: Observed<Found>): readonly Assertion[] {
  const { restored, fast, full, notConfirmed, breached, sla, runs } = account;
  const halts = watch.emergencies('emergency.halt');
  const told = watch.metric('tolaria.rollback.fast_hits_total').reduce((sum, hits) => sum + hits, 0);
  const hits = countHits(runs);
  return [
    assertion(
      'critical risk after a graft asked for a rollback',
      restored.length >= account.wanted * 0.8,
      `${restored.length} of ${account.wanted}`,
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
    assertion(
      'a deliberately slow restore halts its run',
      account.deliberate === 1,
      breached.summary.halted ?? 'not halted',
    ),
    assertion('the halt was seen on the emergency stream', halts > 0, halts),
    assertion('the metrics of every run came as telemetry', told === hits, `${told} of ${hits} fast hits`),
    assertion(
      `the objective of ${OBJECTIVE * 100} % in time was kept`,
      sla.budgetUsedRatio <= 1,
      `${sla.lateDrills} of ${restored.length} late`,
    ),
  ];
}

/** Restores that must be in time, as a share: the error budget is what is left of 1. */
const OBJECTIVE = 0.99;

interface ErrorBudget {
  readonly objective: number;
  /** Restores that may be late among so many. */
  readonly errorBudget: number;
  readonly lateDrills: number;
  readonly budgetUsedRatio: number;
  /** How fast the budget is used up: 1 lasts exactly as long as the period it is for. */
  readonly burnRate: number;
}

/**
 * The objective and what these drills have used of its error budget. A budget is of whole restores: among few drills one late
 * restore may be all of it, and no less than one is allowed.
 */
function errorBudget(drills: number, late: number): ErrorBudget {
  const budget = Math.max(1, Math.floor(drills * (1 - OBJECTIVE)));
  const lateShare = drills === 0 ? 0 : late / drills;
  return {
    objective: OBJECTIVE,
    errorBudget: budget,
    lateDrills: late,
    budgetUsedRatio: late / budget,
    burnRate: lateShare / (1 - OBJECTIVE),
  };
}

const countHits = (runs: readonly DrivenRun[]): number =>
  runs.reduce((sum, { summary }) => sum + (summary.metrics['tolaria.rollback.fast_hits_total'] ?? 0), 0);

/** The median of each part of a restore at the trainer, in the fast tier. */
function partsOf(runs: readonly DrivenRun[]): Readonly<Record<string, number>> {
  const fast = runs.flatMap(({ summary }) => summary.tally.restores).filter(({ tier }) => tier === 'fast');
  const median = (values: readonly number[]) => quantile(values, 0.5);
  return {
    prepareMs: median(fast.map(({ prepareMs }) => prepareMs)),
    commitMs: median(fast.map(({ commitMs }) => commitMs)),
    confirmMs: median(fast.map(({ confirmMs }) => confirmMs)),
  };
}

const distribution = (ms: readonly number[]) => ({
  p50Ms: quantile(ms, 0.5),
  p90Ms: quantile(ms, 0.9),
  p99Ms: quantile(ms, 0.99),
  worstMs: Math.max(0, ...ms),
});

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
