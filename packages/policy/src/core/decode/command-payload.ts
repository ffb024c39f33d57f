import type { CommandDraft } from '@esper/leyline';
import { assertNever, invariant } from '@esper/std';
import type { Action } from './actions.js';
import type { BlendSchedule } from './schedule.js';
import type { Selection } from './selection.js';

/** Alpha of a graft before the policy moves it. */
const ALPHA_BASE = 0.1;

interface PayloadSources {
  readonly action: Action;
  readonly selection: Selection;
  readonly schedule: BlendSchedule;
  readonly alpha: number;
  readonly lrDelta: number;
  readonly optimizerId: string;
}

type Payload = Pick<
  CommandDraft,
  'commandType' | 'targetSeedId' | 'seedOperation' | 'optimizerAdjustment' | 'circuitBreaker' | 'annotations'
>;

/** What an action is as a command (PB-02), with the annotations that belong to the action alone. */
export function commandPayload(from: PayloadSources): Payload {
  switch (from.action) {
    case 'germinate':
      return germinate(from);
    case 'adjust_optimizer':
      return {
        commandType: 'OPTIMIZER',
        optimizerAdjustment: { optimizerId: from.optimizerId, hyperparameters: { lr_delta: from.lrDelta } },
        annotations: {},
      };
    case 'pause':
      return { commandType: 'PAUSE', annotations: { reason: 'policy' } };
    case 'open_breaker':
    case 'close_breaker': {
      const desiredState = from.action === 'open_breaker' ? 'OPEN' : 'CLOSED';
      return {
        commandType: 'CIRCUIT_BREAKER',
        circuitBreaker: { desiredState, rationale: 'policy_action' },
        annotations: {},
      };
    }
    default:
      return assertNever(from.action, 'action');
  }
}

/** `0.1 + delta`, within [0, 1] and within what the blueprint allows (PB-06, D-29f). */
export function graftAlpha(paramDelta: number, { blueprint }: Selection): number {
  const bounds = blueprint?.candidate.descriptor.allowedParameters['alpha'];
  const alpha = Math.min(1, Math.max(0, ALPHA_BASE + paramDelta));
  if (bounds === undefined || !(bounds.minValue <= bounds.maxValue)) return alpha;
  return Math.min(1, Math.max(0, Math.min(bounds.maxValue, Math.max(bounds.minValue, alpha))));
}

function germinate({ selection, schedule, alpha }: PayloadSources): Payload {
  const { seed, blueprint } = selection;
  invariant(seed !== undefined && blueprint !== undefined, 'a graft was chosen with a seed and a blueprint');
  return {
    commandType: 'SEED',
    targetSeedId: seed.candidate.seedId,
    seedOperation: {
      operation: 'GERMINATE',
      blueprintId: blueprint.candidate.blueprintId,
      parameters: {
        alpha,
        blending_method_index: schedule.shapeIndex,
        blending_schedule_start: schedule.start,
        blending_schedule_end: schedule.end,
      },
    },
    annotations: {},
  };
}
