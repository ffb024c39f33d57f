import type { Fault } from '@esper/harness';
import { finiteKpis } from '../core/kpi-table.js';
import { type Assertion, assertion, type ScenarioOutcome } from '../core/outcome.js';
import { type DrivenRun, driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { during } from '../drive/window.js';
import { alwaysPromised, type Observed, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

/** A scenario that breaks one thing of the host for a while and looks at what it does meanwhile and after. */
export interface FaultWindow extends Pick<Scenario, 'about' | 'sabotage' | 'steps'> {
  readonly name: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings under `--sabotage unhandled`. */
  readonly sabotagedSettings?: Readonly<Record<string, unknown>>;
  readonly trainerFaults?: (steps: number) => readonly Fault[];
  readonly begin: (at: Watched, request: ScenarioRequest) => void | Promise<void>;
  readonly end: (at: Watched, request: ScenarioRequest) => void | Promise<void>;
  /** What must be seen, beside what every scenario promises. */
  readonly promises: (seen: Observed<DrivenRun>, window: FaultSteps) => readonly Assertion[];
}

export interface FaultSteps {
  readonly from: number;
  readonly to: number;
}

/** The window: the middle third of the run. */
const windowOf = (steps: number): FaultSteps => ({ from: Math.floor(steps / 3), to: Math.floor((2 * steps) / 3) });

/** The scenario of a fault window. */
export function faultWindow(plan: FaultWindow): Scenario {
  return {
    about: plan.about,
    sabotage: plan.sabotage,
    steps: plan.steps,
    run: (request) => runWindow(plan, request),
  };
}

async function runWindow(plan: FaultWindow, request: ScenarioRequest): Promise<ScenarioOutcome> {
  const window = windowOf(request.steps);
  const settings = { ...plan.settings, ...(request.sabotaged ? plan.sabotagedSettings : {}) };
  const times: { ended?: number; good?: number } = {};
  const seen = await withHost({ ...request, settings }, (at) =>
    driveRun(at, {
      trainingRunId: plan.name,
      seed: request.seed,
      steps: request.steps,
      ...(plan.trainerFaults === undefined ? {} : { faults: plan.trainerFaults(request.steps) }),
      beforeDecision: during(
        [window.from, window.to],
        () => {
          request.say(`step ${window.from}: the fault begins`);
          return plan.begin(at, request);
        },
        async () => {
          await plan.end(at, request);
          times.ended = performance.now();
          request.say(`step ${window.to}: the fault is over`);
        },
      ),
      onDelivered: () => {
        if (times.ended !== undefined) times.good ??= performance.now();
      },
      onStep: (step) => request.progress(step, request.steps),
    }),
  );
  return outcomeOf(plan, { seen, window, times });
}

interface Found {
  readonly seen: Observed<DrivenRun>;
  readonly window: FaultSteps;
  readonly times: { readonly ended?: number; readonly good?: number };
}

function outcomeOf(plan: FaultWindow, { seen, window, times }: Found): ScenarioOutcome {
  const run = seen.found;
  const { decisions, failures, marks, ...series } = run.recorder.recording;
  const before = decisions.filter(({ step }) => step < window.from).length;
  const after = decisions.filter(({ step }) => step >= window.to).length;
  const recoveryMs = times.ended === undefined || times.good === undefined ? Number.NaN : times.good - times.ended;
  const fault = [
    { step: window.from, name: `${plan.name} begins`, detail: '' },
    { step: window.to, name: `${plan.name} ends`, detail: '' },
  ];
  return {
    assertions: [
      assertion('the host decided well before the fault', before > 0, `${before} decisions`),
      assertion('the host decides again after the fault', after > 0, `${after} decisions`),
      ...plan.promises(seen, window),
      ...alwaysPromised([run], seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis([run], seen.seconds), ...finiteKpis({ recovery_ms: recoveryMs }) },
    recordings: [{ ...series, decisions, failures, samples: seen.samples, marks: [...fault, ...marks] }],
    extra: { failuresByCode: seen.log.failures, stepsTrained: run.summary.steps },
  };
}
