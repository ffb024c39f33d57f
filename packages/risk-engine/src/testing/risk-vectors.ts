import { compareCase, equalData, type VectorOutcome } from './compare.js';
import { ALL_RULES, NO_RULES, type Rules } from './deviation-table.js';
import { runNaive } from './naive-model.js';
import { type LossSource, runProduct } from './product-run.js';
import { vectorNumber } from './python-text.js';
import {
  comparedMode,
  limitsOf,
  type Outcome,
  refusedOutcome,
  type Scenario,
  scenarioOf,
  type VectorBreaker,
  type VectorInput,
  type VectorMode,
  type VectorOutput,
  type VectorThresholds,
} from './vector-line.js';

const CLOSED: VectorBreaker = [1, 0, null];
const OFF: VectorMode = { mode: false, enabled: false, last_reason: null, last_enter_s: null };

/** A recorded output in the form it is compared in. */
function recordedOutcome(out: VectorOutput): Outcome {
  if (out.raises !== undefined) return refusedOutcome(out.raises);
  const { type = '', payload = null, optimizer_id: optimizerId = null, hyperparameters = {} } = out;
  return { refused: null, type, payload, optimizerId, hyperparameters, ...recordedState(out) };
}

const recordedState = ({
  annotations = {},
  events = [],
  cons = OFF,
  inference = CLOSED,
  metadata = CLOSED,
}: VectorOutput): Pick<Outcome, 'annotations' | 'events' | 'mode' | 'inference' | 'metadata'> => ({
  annotations,
  events,
  mode: comparedMode(cons),
  inference,
  metadata,
});

interface Step {
  readonly scenario: (rules: Rules) => Scenario;
  readonly out: VectorOutput;
  readonly losses: LossSource;
}

/** One evaluation: the three outcomes, and what the prototype remembers of the mode, field by field. */
function compareStep({ scenario, out, losses }: Step): VectorOutcome {
  const remembered = runNaive(scenario(NO_RULES), NO_RULES).fullMode;
  if (out.raises === undefined && !equalData(remembered, out.cons)) {
    return { kind: 'unexplained', detail: `not the prototype: cons ${JSON.stringify(out.cons)}` };
  }
  return compareCase({
    recorded: recordedOutcome(out),
    expected: (rules) => runNaive(scenario(rules), rules).outcome,
    actual: runProduct(scenario(ALL_RULES), losses),
  });
}

/** A line of `risk-single`. Lines tagged exotic hold metadata no serialiser produces, and are passed over. */
export function runRiskSingle(line: unknown): readonly VectorOutcome[] {
  const given = line as { readonly in: VectorInput; readonly out: VectorOutput; readonly exotic?: boolean };
  if (given.exotic === true) return [];
  const scenario = scenarioOf(given.in);
  return [compareStep({ scenario: () => scenario, out: given.out, losses: { kind: 'delta' } })];
}

interface SequenceStep {
  readonly in: VectorInput & {
    readonly dt_s: number;
    readonly validation_loss?: unknown;
    readonly set_conservative_mode?: boolean;
  };
  readonly out: VectorOutput & { readonly loss_delta?: unknown; readonly last_validation_loss?: unknown };
}

interface Sequence {
  readonly init: {
    readonly risk: VectorThresholds;
    readonly start_clock_s: number;
    readonly cons: VectorMode;
    readonly inference: VectorBreaker;
    readonly metadata: VectorBreaker;
    readonly breaker: { readonly threshold: number; readonly cooldown_s: number };
  };
  readonly steps: readonly SequenceStep[];
}

/** What the runner carries from step to step: the recorded state, and the last loss on either side. */
interface Carried {
  nowS: number;
  mode: VectorMode;
  inference: VectorBreaker;
  metadata: VectorBreaker;
  /** The prototype's last loss, whatever it was; ours, finite. */
  theirLast: number | null;
  ourLast: number | null;
}

const finiteOr = (value: number, other: number | null): number | null => (Number.isFinite(value) ? value : other);

/** The loss delta on the prototype's side, and with DEV-RE-15 (compared with the last finite loss) on ours. */
function lossDeltaOf(step: SequenceStep, carried: Carried, rules: Rules): number {
  const loss = vectorNumber(step.in.validation_loss ?? 0);
  const own = step.in.metrics?.['loss_delta'];
  const last = rules.has('DEV-RE-15') ? carried.ourLast : carried.theirLast;
  if (last !== null) return loss - last;
  if (own !== undefined) return vectorNumber(own);
  return rules.has('DEV-RE-15') && !Number.isFinite(loss) ? loss : 0;
}

function carry(carried: Carried, step: SequenceStep, refusedByUs: boolean): void {
  const loss = vectorNumber(step.in.validation_loss ?? 0);
  if (!refusedByUs) carried.ourLast = finiteOr(loss, carried.ourLast);
  if (step.out.raises !== undefined) return;
  carried.theirLast = loss;
  carried.mode = step.out.cons ?? carried.mode;
  carried.inference = step.out.inference ?? carried.inference;
  carried.metadata = step.out.metadata ?? carried.metadata;
}

/** The recording's own arithmetic: delta and remembered loss as it says. */
function wrongArithmetic(step: SequenceStep, carried: Carried): string | null {
  if (step.out.raises !== undefined) return null;
  const delta = lossDeltaOf(step, carried, NO_RULES);
  if (!equalData(vectorNumber(step.out.loss_delta ?? 0), delta)) return `not the prototype: loss_delta ${delta}`;
  const loss = vectorNumber(step.in.validation_loss ?? 0);
  return equalData(vectorNumber(step.out.last_validation_loss ?? 0), loss) ? null : 'not the prototype: last loss';
}

/**
 * A line of `risk-sequences`. Each step starts from the state the recording had before it, so that one difference does
 * not colour all that follows; the losses are each side's own.
 */
export function runRiskSequence(line: unknown): readonly VectorOutcome[] {
  const { init, steps } = line as Sequence;
  const fixed = {
    limits: limitsOf(init.risk),
    breaker: { threshold: init.breaker.threshold, cooldownS: init.breaker.cooldown_s },
  };
  const carried: Carried = {
    nowS: init.start_clock_s,
    mode: init.cons,
    inference: init.inference,
    metadata: init.metadata,
    theirLast: null,
    ourLast: null,
  };
  return steps.map((step) => {
    carried.nowS += step.in.dt_s;
    const flag = step.in.set_conservative_mode;
    if (flag !== undefined) carried.mode = { ...carried.mode, mode: flag };
    const { nowS, mode, inference, metadata, ourLast } = carried;
    const scenario = (rules: Rules): Scenario =>
      scenarioOf(step.in, { ...fixed, nowS, mode, inference, metadata, lossDelta: lossDeltaOf(step, carried, rules) });
    const validationLoss = vectorNumber(step.in.validation_loss ?? 0);
    const wrong = wrongArithmetic(step, carried);
    const outcome = compareStep({ scenario, out: step.out, losses: { kind: 'losses', validationLoss, last: ourLast } });
    carry(carried, step, runNaive(scenario(ALL_RULES), ALL_RULES).outcome.refused !== null);
    return wrong === null ? outcome : { kind: 'unexplained', detail: wrong };
  });
}
