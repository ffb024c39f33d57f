import { type CommandDraft, finiteSignal } from '@esper/leyline';
import { adapt, type StabilitySample } from '../beyond/adaptive.js';
import { calibrate } from '../beyond/calibration.js';
import { riskVector } from '../beyond/multi-signal.js';
import type { PauseQuotaState } from '../beyond/pause-quota.js';
import type { ModeState } from '../conservative/mode.js';
import type { RiskContext } from '../context.js';
import { ADAPTATIONS_MAX, type Adaptation, type RiskState } from '../state.js';

interface Outcome {
  readonly command: CommandDraft;
  readonly mode: ModeState;
  readonly quota: PauseQuotaState;
  readonly seenMs: RiskState['seenMs'];
}

/** A seed that is grown, not one that is ended. */
function adaptationOf(command: CommandDraft, decision: number): Adaptation | null {
  const operation = command.seedOperation;
  if (command.commandType !== 'SEED' || operation === undefined) return null;
  if (operation.operation === 'CULL' || operation.operation === 'CANCEL') return null;
  return { seedId: command.targetSeedId ?? '', blueprintId: operation.blueprintId, decision };
}

/** After a rollback nothing that came before it is a suspect any more. */
function nextAdaptations(state: RiskState, command: CommandDraft): readonly Adaptation[] {
  if (command.commandType === 'ROLLBACK') return [];
  const added = adaptationOf(command, state.decisions);
  return added === null ? state.adaptations : [...state.adaptations, added].slice(-ADAPTATIONS_MAX);
}

function stabilitySample({ readings, config, state }: RiskContext): StabilitySample {
  const delta = readings.loss_delta;
  const gradient = riskVector(readings, config, state.adaptive).scores.gradient;
  const rose = delta.kind === 'value' ? Math.max(0, delta.value) / config.loss.spikeMax : 1;
  return {
    loss: Math.max(0, 1 - rose),
    gradient: gradient === null ? 1 : 1 - gradient,
    progress: delta.kind === 'value' && delta.value <= 0 ? 1 : 0,
  };
}

const nextAdaptive = (context: RiskContext): RiskState['adaptive'] =>
  context.config.adaptive.mode === 'off'
    ? context.state.adaptive
    : adapt(context.state.adaptive, stabilitySample(context), context.config.adaptive);

/** What the loss did tells whether the last prediction came true; this decision's risk is the next prediction. */
function nextCalibration({ readings, config, state, input }: RiskContext): RiskState['calibration'] {
  const delta = readings.loss_delta;
  const rising = config.loss.warningRatio * config.loss.spikeMax;
  const bad = delta.kind === 'unknown' || (delta.kind === 'value' && delta.value > rising);
  return calibrate(state.calibration, { bad, risk: finiteSignal(input.policy.riskScore) }, config.calibration);
}

/** The state after a decision. */
export function nextState(context: RiskContext, outcome: Outcome): RiskState {
  const { state, input, draft } = context;
  const { command } = outcome;
  const rolledBack = command.commandType === 'ROLLBACK' && draft.commandType !== 'ROLLBACK';
  // Written out: copying by spread costs as much as judging.
  return {
    version: state.version,
    clock: state.clock,
    decisions: state.decisions + 1,
    lastValidationLoss: finiteSignal(input.packet.validationLoss) ?? state.lastValidationLoss,
    seenMs: outcome.seenMs,
    mode: outcome.mode,
    breakers: state.breakers,
    failures: { inRow: state.failures.sinceDecision ? state.failures.inRow : 0, sinceDecision: false },
    adaptations: nextAdaptations(state, command),
    rollbacks: state.rollbacks + (rolledBack ? 1 : 0),
    adaptive: nextAdaptive(context),
    pauseQuota: outcome.quota,
    calibration: nextCalibration(context),
  };
}

/**
 * The state to go on with when a decision was assessed and then failed (it could not be made durable, or missed its
 * deadline): everything the assessment learned stays, the validation loss is as before (DP-08).
 */
export const keepLoss = (after: RiskState, before: RiskState): RiskState => ({
  ...after,
  lastValidationLoss: before.lastValidationLoss,
});
