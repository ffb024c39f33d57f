import { err, ok, type Result } from '@esper/std';

/** What can be done to a run on purpose, and what a fault's `value` means. */
export const FAULT_KINDS = {
  lr_spike: { value: 'factor', least: 1, most: 1e6, usual: 200, means: 'The learning rate is multiplied.' },
  nan_gradients: { value: 'none', least: 0, most: 0, usual: 0, means: 'One gradient becomes NaN.' },
  slow_step: { value: 'delayMs', least: 0, most: 60_000, usual: 200, means: 'The step takes that much longer.' },
  isolation_violation: { value: 'none', least: 0, most: 0, usual: 0, means: 'A seed’s gradient leaks into the host.' },
  stale_command: { value: 'none', least: 0, most: 0, usual: 0, means: 'A command is held back and delivered later.' },
  forged_command: { value: 'none', least: 0, most: 0, usual: 0, means: 'The signature is replaced by a made-up one.' },
  replayed_command: { value: 'none', least: 0, most: 0, usual: 0, means: 'An earlier command is delivered again.' },
  altered_command: { value: 'none', least: 0, most: 0, usual: 0, means: 'One bit of the command is flipped.' },
  snapshot_rot: {
    value: 'none',
    least: 0,
    most: 0,
    usual: 0,
    means: 'One byte of each snapshot in memory is flipped.',
  },
  slow_restore: {
    value: 'delayMs',
    least: 0,
    most: 60_000,
    usual: 1_000,
    means: 'The next restore takes that much longer.',
  },
} as const;

/** A kind of fault. */
export type FaultKind = keyof typeof FAULT_KINDS;

/** One fault of the schedule: from `atStep` (1-based) for `steps` steps. */
export interface Fault {
  readonly kind: FaultKind;
  readonly atStep: number;
  readonly steps: number;
  /** The factor or the milliseconds; 0 for kinds that have none. */
  readonly value: number;
}

const FAULT_FORM = /^([a-z_]+)@(\d{1,9})(?:\+(\d{1,9}))?(?:=(\d+(?:\.\d+)?))?$/;

/** Reads `kind@step[+steps][=value]`, for example `lr_spike@120+8=200`. The error says what is wrong with it. */
export function parseFault(text: string): Result<Fault, string> {
  const match = FAULT_FORM.exec(text);
  if (match === null) return err(`not of the form kind@step[+steps][=value]: ${text.slice(0, 80)}`);
  const [, kind = '', atStep, steps, value] = match;
  if (!Object.hasOwn(FAULT_KINDS, kind))
    return err(`unknown kind ${kind}; known: ${Object.keys(FAULT_KINDS).join(', ')}`);
  const known = kind as FaultKind;
  return checkFault({
    kind: known,
    atStep: Number(atStep),
    steps: Number(steps ?? 1),
    value: Number(value ?? FAULT_KINDS[known].usual),
  });
}

/** The fault, when its steps and its value are in range. */
export function checkFault(fault: Fault): Result<Fault, string> {
  const { least, most } = FAULT_KINDS[fault.kind];
  if (!Number.isSafeInteger(fault.atStep) || fault.atStep < 1) return err(`${fault.kind}: atStep must be a step ≥ 1`);
  if (!Number.isSafeInteger(fault.steps) || fault.steps < 1) return err(`${fault.kind}: steps must be ≥ 1`);
  if (!(fault.value >= least && fault.value <= most)) {
    return err(`${fault.kind}: value must be from ${least} to ${most}, got ${fault.value}`);
  }
  return ok(fault);
}

/** The faults that act on `step`. */
export const faultsAt = (schedule: readonly Fault[], step: number): readonly Fault[] =>
  schedule.filter(({ atStep, steps }) => step >= atStep && step < atStep + steps);

/** What the faults of one step do to training itself. */
export interface TrainingFaults {
  readonly learningRateFactor: number;
  readonly poisonGradients: boolean;
  readonly leakSeedGradients: boolean;
  readonly delayMs: number;
}

/**
 * The faults of a step as training feels them. A spike that had begun before `restoredAt` is over: a rollback restores
 * the optimizer too.
 */
export function trainingFaults(active: readonly Fault[], restoredAt: number | undefined): TrainingFaults {
  const of = (kind: FaultKind) => active.filter((fault) => fault.kind === kind);
  const spikes = of('lr_spike').filter(({ atStep }) => restoredAt === undefined || atStep > restoredAt);
  return {
    learningRateFactor: spikes.reduce((factor, { value }) => factor * value, 1),
    poisonGradients: of('nan_gradients').length > 0,
    leakSeedGradients: of('isolation_violation').length > 0,
    delayMs: of('slow_step').reduce((sum, { value }) => sum + value, 0),
  };
}
