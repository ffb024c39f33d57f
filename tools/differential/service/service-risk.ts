import { compareCase } from '../../../packages/risk-engine/src/testing/compare.ts';
import type { Rules } from '../../../packages/risk-engine/src/testing/deviation-table.ts';
import { ALL_RULES } from '../../../packages/risk-engine/src/testing/deviation-table.ts';
import { runNaive } from '../../../packages/risk-engine/src/testing/naive-model.ts';
import { runProduct } from '../../../packages/risk-engine/src/testing/product-run.ts';
import { vectorNumber } from '../../../packages/risk-engine/src/testing/python-text.ts';
import {
  comparedMode,
  type Outcome,
  type Scenario,
  scenarioOf,
  type VectorEvent,
} from '../../../packages/risk-engine/src/testing/vector-line.ts';
import type { VectorOutcome } from '../outcome.ts';
import {
  type Before,
  riskAnnotations,
  riskEvents,
  riskInput,
  type ServiceCommand,
  type ServiceLine,
  type ServiceStep,
  stepPacket,
} from './service-line.ts';

const payloadOf = (command: ServiceCommand): string | null => {
  if (command.seedOperation !== undefined) return 'seed_operation';
  if (command.optimizerAdjustment !== undefined) return 'optimizer_adjustment';
  if (command.circuitBreaker !== undefined) return 'circuit_breaker';
  return command.rollbackPayload === undefined ? null : 'rollback_payload';
};

const floats = (values: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Math.fround(value)]));

/** What a step that gave a command recorded, as far as the risk engine made it. */
function recordedOf(step: ServiceStep, command: ServiceCommand): Outcome {
  return {
    refused: null,
    type: command.commandType ?? 'COMMAND_UNKNOWN',
    payload: payloadOf(command),
    optimizerId: command.optimizerAdjustment === undefined ? null : (command.optimizerAdjustment.optimizerId ?? ''),
    hyperparameters: floats(command.optimizerAdjustment?.hyperparameters),
    annotations: riskAnnotations(command.annotations),
    events: riskEvents(stepPacket(step)),
    mode: comparedMode(step.out.cons),
    inference: step.out.inference,
    metadata: step.out.metadata,
  };
}

function lossDelta(step: ServiceStep, before: Before, rules: Rules): number {
  const loss = vectorNumber(step.in.state.validationLoss ?? 0);
  const last = rules.has('DEV-RE-15') ? before.ourLast : before.theirLast;
  return last === null ? 0 : loss - last;
}

/**
 * The prototype tells its metadata breaker of a success once more, before its risk engine does (D-19b): a count less, or
 * the end of a cool-down that is over, with its event.
 */
function extraSuccess(
  breaker: Before['metadata'],
  nowS: number,
): { readonly breaker: Before['metadata']; readonly closes: boolean } {
  const [state, failures, untilS] = breaker;
  if (state === 1) return { breaker: [1, Math.max(0, failures - 1), null], closes: false };
  const closes = nowS >= (untilS ?? Number.NEGATIVE_INFINITY);
  return { breaker: closes ? [1, 0, null] : breaker, closes };
}
const CLOSE: VectorEvent = ['breaker_event', 1, { component: 'metadata', action: 'close' }];

/** The judged command of a step that gave one: type, payload, annotations, events, mode and breakers. */
export function compareRisk(line: ServiceLine, step: ServiceStep, before: Before): VectorOutcome | undefined {
  const { command } = step.out;
  if (command === undefined) return undefined;
  const { nowS, mode, inference, metadata, ourLast } = before;
  const extra = extraSuccess(metadata, nowS);
  const expected = (rules: Rules): Outcome => {
    const { outcome } = runNaive(scenario(rules), rules);
    const first = extra.closes && !rules.has('DEV-RE-12') ? [CLOSE] : [];
    return { ...outcome, events: [...first, ...outcome.events] };
  };
  const scenario = (rules: Rules): Scenario =>
    scenarioOf(riskInput(line, step, !rules.has('DEV-RE-10')), {
      nowS,
      mode,
      inference,
      metadata: rules.has('DEV-RE-12') ? metadata : extra.breaker,
      lossDelta: lossDelta(step, before, rules),
    });
  const validationLoss = vectorNumber(step.in.state.validationLoss ?? 0);
  return compareCase({
    recorded: recordedOf(step, command),
    expected,
    actual: runProduct(scenario(ALL_RULES), { kind: 'losses', validationLoss, last: ourLast }),
  });
}
