/** Sizes and odds of the soak. The defaults are those of AW-10. */
export interface SoakPlan {
  /** Times that every scenario runs at every concurrency. */
  readonly iterationCount: number;
  readonly concurrencies: readonly number[];
  readonly jobCount: number;
  readonly longMs: number;
  readonly shortMs: number;
  readonly timeoutMs: number;
  readonly cancelDelayMs: number;
  readonly timeoutRatio: number;
  readonly cancelRatio: number;
  readonly failRatio: number;
  readonly jitterMs: number;
  /** How late an outcome may come after its deadline, beyond which it counts as a breach. */
  readonly overshootMsMax: number;
}

export const SOAK_DEFAULTS: SoakPlan = Object.freeze({
  iterationCount: 5,
  concurrencies: [2, 4],
  jobCount: 64,
  longMs: 120,
  shortMs: 20,
  timeoutMs: 50,
  cancelDelayMs: 10,
  timeoutRatio: 0.2,
  cancelRatio: 0.15,
  failRatio: 0.1,
  jitterMs: 20,
  overshootMsMax: 250,
});

export const SOAK_SCENARIOS = [
  'concurrent_load',
  'timeout',
  'mid_flight_cancel',
  'failure_propagation',
  'rapid_reconfiguration',
  'jitter_storm',
] as const;
export type SoakScenario = (typeof SOAK_SCENARIOS)[number];

/** What one job does, fixed before it is submitted. */
export interface SoakJob {
  readonly workMs: number;
  readonly deadlineMs: number | undefined;
  readonly cancelAfterMs: number | undefined;
  readonly ends: 'value' | 'error' | 'own-timeout';
  /** False for code that ignores its signal and lingers. */
  readonly heedsSignal: boolean;
  /** True when the job submits a second one to the same worker and waits for it. */
  readonly nests: boolean;
}

/** A seeded source of chance; `@esper/testkit` has one. */
export interface Chance {
  /** A fraction in [0, 1). */
  fraction(): number;
}

const CALM: SoakJob = {
  workMs: 0,
  deadlineMs: undefined,
  cancelAfterMs: undefined,
  ends: 'value',
  heedsSignal: true,
  nests: false,
};

/** The jobs of one scenario: same chance, same jobs. */
export function soakJobs(scenario: SoakScenario, plan: SoakPlan, chance: Chance): readonly SoakJob[] {
  return Array.from({ length: plan.jobCount }, () =>
    JOB_MAKERS[scenario](plan, (ratio) => chance.fraction() < ratio, chance),
  );
}

type JobMaker = (plan: SoakPlan, odds: (ratio: number) => boolean, chance: Chance) => SoakJob;

const JOB_MAKERS: Readonly<Record<SoakScenario, JobMaker>> = {
  concurrent_load: (plan, odds) => ({ ...CALM, workMs: plan.shortMs, nests: odds(0.25) }),
  timeout: (plan, odds) =>
    odds(plan.timeoutRatio)
      ? { ...CALM, workMs: plan.longMs, deadlineMs: plan.timeoutMs, heedsSignal: odds(0.5) }
      : { ...CALM, workMs: plan.shortMs },
  mid_flight_cancel: (plan, odds) =>
    odds(plan.cancelRatio)
      ? { ...CALM, workMs: plan.longMs, cancelAfterMs: plan.cancelDelayMs, heedsSignal: odds(0.5) }
      : { ...CALM, workMs: plan.shortMs },
  failure_propagation: (plan, odds) => ({
    ...CALM,
    workMs: plan.shortMs,
    ends: odds(plan.failRatio) ? (odds(0.5) ? 'error' : 'own-timeout') : 'value',
  }),
  rapid_reconfiguration: (plan, odds) => ({ ...CALM, workMs: plan.shortMs, heedsSignal: odds(0.8), nests: odds(0.1) }),
  jitter_storm: (plan, odds, chance) => ({
    workMs: plan.shortMs + chance.fraction() * plan.jitterMs,
    deadlineMs: odds(plan.timeoutRatio) ? plan.shortMs + chance.fraction() * plan.jitterMs : undefined,
    cancelAfterMs: odds(plan.cancelRatio) ? chance.fraction() * plan.jitterMs : undefined,
    ends: odds(plan.failRatio) ? 'error' : 'value',
    heedsSignal: odds(0.7),
    nests: odds(0.1),
  }),
};
