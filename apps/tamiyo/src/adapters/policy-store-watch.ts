import type { RunTable } from '../runs/run-table.js';
import type { DecisionReporter } from '../stages/parts.js';
import type { LivePolicies } from './policy-store.js';

export interface WatchParts {
  readonly policies: Pick<LivePolicies, 'watch'>;
  readonly runs: Pick<RunTable, 'get'>;
}

/** A reporter that also shows each outcome to the policies, with the state its run still has: that before the decision. */
export const watchedReporter = (inner: DecisionReporter, { policies, runs }: WatchParts): DecisionReporter => ({
  ...inner,
  recorded: (record) => {
    policies.watch(record, runs.get(record.trainingRunId));
    inner.recorded(record);
  },
});
