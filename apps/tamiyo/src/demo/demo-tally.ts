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

/** What a demo counts while it runs. */
export interface DemoTally {
  decisions: number;
  readonly byKind: Record<string, number>;
  readonly changed: ChangedDecision[];
  readonly changedByReason: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly latencies: number[];
  summary: TrainerSummary | undefined;
}

export const newTally = (): DemoTally => ({
  decisions: 0,
  byKind: {},
  changed: [],
  changedByReason: {},
  failures: {},
  latencies: [],
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
  const { signal, value, comparison, threshold } = deciding;
  return [signal, value, comparison, threshold].filter((part) => part !== undefined).join(' ');
}

/** The value below which a share of the latencies lies; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** What the demo promises. Each line is something that did not hold. */
export function brokenPromises(
  tally: DemoTally,
  expected: { readonly spikeStep: number; readonly attacks: number },
): readonly string[] {
  const broken: string[] = [];
  const { summary } = tally;
  if (summary === undefined) return ['the trainer gave no summary'];
  if (summary.steps < 100) broken.push(`at least 100 steps were expected, ${summary.steps} were made`);
  const caught = tally.changed.some(
    (changed) => changed.step >= expected.spikeStep && SPIKE_REASONS.has(changed.reason),
  );
  if (!caught) broken.push(`the spike at step ${expected.spikeStep} was not caught`);
  if (tally.changed.length === 0) broken.push('no decision was changed by risk');
  const applied = total(summary.tally.applied);
  if (applied === 0) broken.push('no command was applied');
  const rejected = total(summary.tally.rejected);
  if (rejected !== expected.attacks)
    broken.push(`${expected.attacks} bad commands were injected, ${rejected} were refused`);
  return broken;
}

/** What the risk engine calls it when the loss of a run explodes. */
const SPIKE_REASONS: ReadonlySet<string> = new Set([
  'loss_spike',
  'loss_volatility_high',
  'grad_variance_high',
  'rollback_critical',
  'unknown_signal',
  'loss_warning',
]);

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
