import type { TrainerSummary } from '@esper/harness';
import type { DecisionError } from '../errors.js';
import type { Delivered } from '../stages/stages.js';

/** A decision that the risk engine changed. */
export interface ChangedDecision {
  readonly step: number;
  readonly proposed: string;
  readonly command: string;
  readonly reason: string;
  /** The deciding finding in words: value against threshold. */
  readonly because: string;
}

/** How the injected spike went. */
export interface SpikeStory {
  readonly atStep: number;
  /** Validation loss of the last step before it. */
  before: number;
  /** The worst finite validation loss since. */
  peak: number;
  caughtAt: number | undefined;
  caughtAs: string;
  /** Value against threshold, in words. */
  because: string;
  /** The first step after the worst one with a loss within a tenth of the level before. */
  recoveredAt: number | undefined;
}

/** What a demo counts while it runs. */
export interface DemoTally {
  /** Steps that an earlier, interrupted start of this run had trained. */
  stepsBefore: number;
  decisions: number;
  readonly byKind: Record<string, number>;
  readonly changed: ChangedDecision[];
  readonly changedByReason: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly latencies: number[];
  readonly spike: SpikeStory;
  summary: TrainerSummary | undefined;
}

export const newTally = (spikeStep: number): DemoTally => ({
  stepsBefore: 0,
  decisions: 0,
  byKind: {},
  changed: [],
  changedByReason: {},
  failures: {},
  latencies: [],
  spike: {
    atStep: spikeStep,
    before: 0,
    peak: 0,
    caughtAt: undefined,
    caughtAs: '',
    because: '',
    recoveredAt: undefined,
  },
  summary: undefined,
});

const add = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

export function countDecision(
  tally: DemoTally,
  step: number,
  { command, proposed, assessment, totalMs }: Delivered,
): ChangedDecision | undefined {
  tally.decisions += 1;
  tally.latencies.push(totalMs);
  add(tally.byKind, command.commandType);
  noteCaught(tally.spike, step, assessment);
  if (!assessment.changed) return undefined;
  add(tally.changedByReason, assessment.reason);
  const changed = {
    step,
    proposed: proposed.commandType,
    command: command.commandType,
    reason: assessment.reason,
    because: because(assessment.deciding),
  };
  tally.changed.push(changed);
  return changed;
}

export const countFailure = (tally: DemoTally, error: DecisionError): void => add(tally.failures, error.code);

function because(deciding: Delivered['assessment']['deciding']): string {
  if (deciding === undefined) return '';
  if (typeof deciding.counterfactual === 'string') return deciding.counterfactual;
  return comparedWith(deciding);
}

/** A finding's value against its threshold. */
function comparedWith(deciding: NonNullable<Delivered['assessment']['deciding']>): string {
  const { signal, value, comparison, threshold } = deciding;
  return [signal, value, comparison, threshold].filter((part) => part !== undefined).join(' ');
}

/** Reasons that say the loss has exploded, whatever else was found in the same step; the plainest first. */
const SPIKE_REASONS = ['loss_spike', 'loss_nonfinite', 'rollback_required', 'rollback_spent'] as const;

function noteCaught(spike: SpikeStory, step: number, { reasons, findings }: Delivered['assessment']): void {
  if (spike.caughtAt !== undefined || step < spike.atStep) return;
  const reason = SPIKE_REASONS.find((candidate) => reasons.includes(candidate));
  if (reason === undefined) return;
  const finding = findings.find((candidate) => candidate.reason === reason);
  spike.caughtAt = step;
  spike.caughtAs = reason;
  spike.because = finding === undefined ? '' : comparedWith(finding);
}

const RECOVERED_WITHIN = 1.1;

/** A step of the run, as the trainer measured it. */
export function countStep({ spike }: DemoTally, step: number, validationLoss: number): void {
  if (step < spike.atStep) {
    spike.before = validationLoss;
    return;
  }
  if (!Number.isFinite(validationLoss)) return;
  if (validationLoss > spike.peak) [spike.peak, spike.recoveredAt] = [validationLoss, undefined];
  const back = spike.peak > spike.before && validationLoss <= spike.before * RECOVERED_WITHIN;
  if (back) spike.recoveredAt ??= step;
}

/** The value below which a share of the latencies lies; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** True when the spike lies in the part of the run that this start trained. */
export const sawSpike = ({ spike, stepsBefore }: Pick<DemoTally, 'spike' | 'stepsBefore'>): boolean =>
  spike.atStep > stepsBefore;

/** What the demo promises of the part it trained. Each line is something that did not hold. */
export function brokenPromises(tally: DemoTally, attackSteps: readonly number[]): readonly string[] {
  const { summary, spike, stepsBefore } = tally;
  if (summary === undefined) return ['the trainer gave no summary'];
  const rejected = total(summary.tally.rejected);
  const attacks = attackSteps.filter((step) => step > stepsBefore).length;
  const spikePromises: readonly (readonly [boolean, string])[] = [
    [spike.caughtAt !== undefined, `the spike at step ${spike.atStep} was not caught`],
    [spike.recoveredAt !== undefined, 'the run did not recover from the spike'],
    [tally.changed.length > 0, 'no decision was changed by risk'],
    [total(summary.tally.applied) > 0, 'no command was applied'],
  ];
  const promises: readonly (readonly [boolean, string])[] = [
    [summary.steps >= STEPS_LEAST, `at least ${STEPS_LEAST} steps were expected, ${summary.steps} were made`],
    ...(sawSpike(tally) ? spikePromises : []),
    [rejected === attacks, `${attacks} bad commands were injected, ${rejected} were refused`],
  ];
  return promises.filter(([kept]) => !kept).map(([, text]) => text);
}

const STEPS_LEAST = 100;
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
