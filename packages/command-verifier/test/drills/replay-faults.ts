import type { OpenedJournal, ReplayGuard, WatermarkStep } from '../../src/index.js';

/** Faults of the replay drill: name → what it does. */
export const REPLAY_SABOTAGES = {
  'claim-skipped': 'the memory calls every command fresh',
  'journal-lost': 'nothing is written to the journal',
  'journal-late': 'the journal says done before it writes',
  'journal-behind': 'the journal stores where the command was, not the step ahead of it',
  'bounds-forgotten': 'after a restart every sequence number proves a command new',
  'steps-stale': 'after a restart only the oldest step is read',
  'journal-far-ahead': 'the journal stores a step that is ten seconds and a thousand commands too far ahead',
  'evict-when-full': 'a full memory gives up what it holds',
} as const;

/** The journal as the fault leaves it. */
export function sabotageOpened(fault: string | undefined, opened: OpenedJournal): OpenedJournal {
  const { journal } = opened;
  const steps = [...opened.steps];
  const append = (step: WatermarkStep): Promise<void> => journal.append(step);
  switch (fault) {
    case 'journal-lost':
      return { journal: { append: async () => undefined }, steps: [longAgo('run-0')] };
    case 'journal-late':
      return {
        journal: { append: async (step) => void setTimeout(() => void append(step), 60_000).unref() },
        steps: [longAgo('run-0'), ...steps],
      };
    case 'journal-behind':
      return { journal: { append: (step) => append({ ...step, issuedBeforeMs: step.issuedBeforeMs - 1000 }) }, steps };
    case 'journal-far-ahead':
      return { journal: { append: (step) => append(farAhead(step)) }, steps };
    case 'bounds-forgotten':
      return { journal, steps: steps.map((step) => ({ ...step, sequenceBelow: 0 })) };
    case 'steps-stale':
      return { journal, steps: steps.length === 0 ? [] : [longAgo('run-0')] };
    default:
      return opened;
  }
}

/** A promise that covers nothing. */
const longAgo = (trainingRunId: string): WatermarkStep => ({
  trainingRunId,
  issuedBeforeMs: 1,
  issuerEpoch: 0,
  sequenceBelow: 0,
});

const farAhead = (step: WatermarkStep): WatermarkStep => ({
  ...step,
  issuedBeforeMs: step.issuedBeforeMs + 10_000,
  sequenceBelow: step.sequenceBelow + 1000,
});

/** The guard as the fault leaves it. */
export function sabotageReplay(fault: string | undefined, guard: ReplayGuard): ReplayGuard {
  if (fault === 'claim-skipped') guard.claim = () => 'fresh';
  return guard;
}
