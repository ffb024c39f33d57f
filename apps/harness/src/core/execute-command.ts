import type { AdaptationCommand, CircuitState, CommandType } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { RefusalCode } from '../errors.js';
import { enterStage } from './advance-seeds.js';
import { blendFactors } from './blend-mode.js';
import { BLOCK_PLANS } from './blueprints.js';
import { initialBlock } from './initial-weights.js';
import { adjustedLearningRate, OPTIMIZER_ID, type OptimizerLimits } from './optimizer.js';
import { randomStream } from './random.js';
import { readSeedCommand, type SeedOrder } from './read-seed-command.js';
import { transition } from './seed-lifecycle.js';
import { zerosLike } from './tensors.js';
import { type TrainerEvent, trainerEvent } from './trainer-event.js';
import type { SeedSlot, TrainerState } from './trainer-state.js';

/** What the executor has to know about the run. */
export interface RunFacts {
  readonly trainingRunId: string;
  /** Seed of the run's randomness. */
  readonly seed: number;
  readonly optimizer: OptimizerLimits;
}

/** What the shell has to do after a command: the two things that are more than a new state. */
export type Effect = 'none' | 'rollback_fast' | 'rollback_full' | 'halt';

/** A command that was executed. */
export interface Executed {
  readonly state: TrainerState;
  readonly events: readonly TrainerEvent[];
  readonly effect: Effect;
}

type Outcome = Result<Executed, RefusalCode>;
type Executor = (state: TrainerState, command: AdaptationCommand, facts: RunFacts) => Outcome;

const done = (state: TrainerState, events: readonly TrainerEvent[] = [], effect: Effect = 'none'): Outcome =>
  ok({ state, events, effect });

function reasonToWait(state: TrainerState, slot: SeedSlot): RefusalCode | undefined {
  if (slot.stage !== 'DORMANT') return 'seed_not_dormant';
  if (state.conservative !== undefined) return 'trainer_conservative';
  if (state.breaker === 'OPEN') return 'breaker_open';
  return state.breaker === 'HALF_OPEN' && state.probeSeedId !== undefined ? 'breaker_open' : undefined;
}

function germinate(
  state: TrainerState,
  given: { readonly slot: SeedSlot; readonly order: Extract<SeedOrder, { kind: 'germinate' }> },
  facts: RunFacts,
): Outcome {
  const { slot, order } = given;
  const waiting = reasonToWait(state, slot);
  if (waiting !== undefined) return err(waiting);
  const blend = blendFactors(order.blend, state.shape.width);
  if (!blend.ok) return blend;
  const plan = BLOCK_PLANS[order.blueprintId];
  const random = randomStream(facts.seed, `block/${slot.seedId}/${state.step}`);
  const weights = initialBlock({ width: state.shape.width, ...plan }, random);
  const germinated: SeedSlot = {
    ...enterStage(slot, 'GERMINATED'),
    ageSteps: 0,
    module: {
      blueprintId: order.blueprintId,
      rank: plan.rank,
      weights,
      velocity: zerosLike(weights),
      mode: order.blend.mode,
      blend: blend.value,
      window: order.window,
      alpha: 0,
      baselineLoss: state.smoothed.validationEwma ?? 0,
    },
  };
  const attributes = { seed_id: slot.seedId, from: 'DORMANT', to: 'GERMINATED', blueprint_id: order.blueprintId };
  const probe = state.breaker === 'HALF_OPEN' ? { probeSeedId: slot.seedId } : {};
  return done({ ...replaceSlot(state, germinated), ...probe }, [
    trainerEvent('kasmina.seed_stage', state.step, attributes),
  ]);
}

const replaceSlot = (state: TrainerState, slot: SeedSlot): TrainerState => ({
  ...state,
  seeds: state.seeds.map((old) => (old.seedId === slot.seedId ? slot : old)),
});

function cull(state: TrainerState, slot: SeedSlot): Outcome {
  const allowed = transition(slot.stage, 'CULLED');
  if (!allowed.ok) return allowed;
  const next = replaceSlot(state, enterStage(slot, 'CULLED'));
  const attributes = { seed_id: slot.seedId, from: slot.stage, to: 'CULLED' };
  const probeFailed = state.breaker === 'HALF_OPEN' && state.probeSeedId === slot.seedId;
  return done(probeFailed ? { ...next, breaker: 'OPEN' } : next, [
    trainerEvent('kasmina.seed_stage', state.step, attributes),
  ]);
}

const executeSeed: Executor = (state, command, facts) => {
  const order = readSeedCommand(command);
  if (!order.ok) return order;
  const slot = state.seeds.find(({ seedId }) => seedId === order.value.seedId);
  if (slot === undefined) return err('unknown_seed');
  return order.value.kind === 'cull' ? cull(state, slot) : germinate(state, { slot, order: order.value }, facts);
};

/** An adjustment without `lr_delta` keeps the rate: a SEED that the risk engine downgraded carries none. */
const executeOptimizer: Executor = (state, command, facts) => {
  const adjustment = command.optimizerAdjustment;
  if (adjustment !== undefined && adjustment.optimizerId !== OPTIMIZER_ID) return err('unknown_optimizer');
  const lrDelta = adjustment?.hyperparameters['lr_delta'] ?? 0;
  if (!Number.isFinite(lrDelta)) return err('invalid_parameter');
  const learningRate = adjustedLearningRate(state.learningRate, lrDelta, facts.optimizer);
  const attributes = { lr_delta: lrDelta.toFixed(6), from: state.learningRate.toFixed(6), to: learningRate.toFixed(6) };
  return done({ ...state, learningRate }, [trainerEvent('tolaria.optimizer_adjusted', state.step, attributes)]);
};

const executeBreaker: Executor = (state, command) => {
  const desired: CircuitState = command.circuitBreaker?.desiredState ?? 'UNKNOWN';
  if (desired === 'UNKNOWN') return err('missing_breaker_state');
  // A new half-open phase looks for a new probe.
  const { probeSeedId: _old, ...rest } = state;
  const attributes = { from: state.breaker, to: desired, cause: 'command' };
  return done({ ...rest, breaker: desired }, [trainerEvent('kasmina.breaker', state.step, attributes)]);
};

const executePause: Executor = (state, command) => {
  if (state.paused) return done(state);
  const reason = command.decision?.risk?.reason ?? command.annotations['risk_reason'] ?? 'policy';
  return done({ ...state, paused: true }, [trainerEvent('kasmina.paused', state.step, { reason })]);
};

const EXECUTORS: Readonly<Record<CommandType, Executor>> = {
  UNKNOWN: () => err('unsupported_command'),
  SEED: executeSeed,
  ROLLBACK: (state, { rollback }) => done(state, [], rollback?.tier === 'full' ? 'rollback_full' : 'rollback_fast'),
  OPTIMIZER: executeOptimizer,
  CIRCUIT_BREAKER: executeBreaker,
  PAUSE: executePause,
  EMERGENCY: (state) => done(state, [], 'halt'),
  STRUCTURAL_PRUNING: () => err('unsupported_command'),
};

/** A pause ends with the next command that is none, whether that command can be followed or not. */
function resume(state: TrainerState, command: AdaptationCommand): Executed {
  const ends = state.paused && command.commandType !== 'PAUSE';
  if (!ends) return { state, events: [], effect: 'none' };
  const attributes = { command_type: command.commandType };
  return {
    state: { ...state, paused: false },
    events: [trainerEvent('kasmina.resumed', state.step, attributes)],
    effect: 'none',
  };
}

/** What became of a verified command. */
export interface Execution extends Executed {
  /** Present when the command could not be followed. */
  readonly refused?: RefusalCode;
}

/**
 * Executes a verified command. Pure. `heldMs` is how long the command has waited since it was delivered. A refused
 * command changes nothing, except that a command other than PAUSE ends a pause.
 */
export function executeCommand(
  state: TrainerState,
  given: { readonly command: AdaptationCommand; readonly heldMs: number },
  facts: RunFacts,
): Execution {
  const { command, heldMs } = given;
  if (command.trainingRunId !== facts.trainingRunId)
    return refuse(state, [], { command, reason: 'wrong_training_run' });
  if (command.executionDeadlineMs !== undefined && heldMs > command.executionDeadlineMs) {
    return refuse(state, [], { command, reason: 'execution_deadline_passed' });
  }
  const awake = resume(state, command);
  const outcome = EXECUTORS[command.commandType](awake.state, command, facts);
  if (!outcome.ok) return refuse(awake.state, awake.events, { command, reason: outcome.error });
  const applied = trainerEvent('kasmina.command_applied', state.step, {
    command_id: command.commandId,
    command_type: command.commandType,
  });
  return { ...outcome.value, events: [...awake.events, applied, ...outcome.value.events] };
}

function refuse(
  state: TrainerState,
  events: readonly TrainerEvent[],
  { command, reason }: { readonly command: AdaptationCommand; readonly reason: RefusalCode },
): Execution {
  const attributes = { command_id: command.commandId, command_type: command.commandType, reason };
  const event = trainerEvent('kasmina.command_refused', state.step, attributes);
  return { state, events: [...events, event], effect: 'none', refused: reason };
}
