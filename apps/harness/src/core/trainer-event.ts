import type { TelemetryLevel } from '@esper/leyline';

/** Everything a trainer tells besides its packets. `tolaria.` speaks of training, `kasmina.` of seeds and commands. */
export const TRAINER_EVENTS = {
  'tolaria.tamiyo_timeout': { level: 'ERROR', means: 'No decision came within the time the trainer gives.' },
  'tolaria.tamiyo_error': { level: 'ERROR', means: 'The decision failed; the code says why.' },
  'tolaria.conservative_entered': { level: 'WARNING', means: 'The trainer holds back: no seed grows, alpha is held.' },
  'tolaria.conservative_exited': {
    level: 'INFO',
    means: 'Enough good decisions in a row; the trainer is back to normal.',
  },
  'tolaria.optimizer_adjusted': { level: 'INFO', means: 'An OPTIMIZER command changed the learning rate.' },
  'tolaria.update_skipped': { level: 'ERROR', means: 'The gradients were not finite; the step updated no weight.' },
  'tolaria.checkpoint_written': { level: 'INFO', means: 'A full checkpoint is durable on disk.' },
  'tolaria.checkpoint_failed': { level: 'ERROR', means: 'A full checkpoint could not be written; training goes on.' },
  'tolaria.run_resumed': {
    level: 'WARNING',
    means: 'The run goes on from the newest checkpoint of an earlier process.',
  },
  'tolaria.rollback.restored': { level: 'WARNING', means: 'Weights were restored and their digest confirmed.' },
  'tolaria.rollback.restore_failed': { level: 'CRITICAL', means: 'A tier could not restore; the reason says why.' },
  'tolaria.emergency.halt': { level: 'CRITICAL', means: 'Training stops for good.' },
  'tolaria.emergency.level': { level: 'CRITICAL', means: 'The emergency of the run rose to a higher level.' },
  'tolaria.emergency.late': { level: 'ERROR', means: 'An intervention was in place only after its deadline.' },
  'tolaria.fault_injected': { level: 'WARNING', means: 'The fault schedule did something to the run on purpose.' },
  'kasmina.command_applied': { level: 'INFO', means: 'A verified command was executed.' },
  'kasmina.command_rejected': { level: 'CRITICAL', means: 'Bytes were refused by verification and not executed.' },
  'kasmina.command_refused': { level: 'WARNING', means: 'A verified command could not be executed; nothing changed.' },
  'kasmina.seed_stage': { level: 'INFO', means: 'A seed went from one stage of its life to the next.' },
  'kasmina.isolation_violation': { level: 'ERROR', means: 'A seed in training changed gradients of the host.' },
  'kasmina.paused': { level: 'WARNING', means: 'Structure is frozen; steps and packets go on.' },
  'kasmina.resumed': { level: 'INFO', means: 'The pause is over.' },
  'kasmina.breaker': { level: 'WARNING', means: 'The breaker of the seed bank changed its state.' },
} as const satisfies Readonly<Record<string, { readonly level: TelemetryLevel; readonly means: string }>>;

/** The name of a trainer event. */
export type TrainerEventName = keyof typeof TRAINER_EVENTS;

/** Something worth telling. */
export interface TrainerEvent {
  readonly name: TrainerEventName;
  readonly level: TelemetryLevel;
  /** The global step it belongs to. */
  readonly step: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An event at its documented level. */
export function trainerEvent(
  name: TrainerEventName,
  step: number,
  attributes: Readonly<Record<string, string>> = {},
): TrainerEvent {
  return { name, level: TRAINER_EVENTS[name].level, step, attributes };
}
