import type { FieldReport } from '@esper/leyline';
import type { ActivePolicy, FieldReporting } from '../stages/parts.js';

export function fieldReporting(policy: ActivePolicy): FieldReporting {
  const base = { version: 1 as const, observationWindowEpochs: 1, policyVersion: policy.version, followUpActions: [] };
  return {
    ofDecision: (decision, identity): FieldReport => ({
      ...base,
      reportId: `fr-${identity.commandId}`,
      commandId: identity.commandId,
      trainingRunId: identity.trainingRunId,
      outcome: decision.assessment.command.commandType === 'PAUSE' ? 'NEUTRAL' : 'SUCCESS',
      notes: decision.assessment.reason,
      metrics: { loss_delta: 0 },
      issuedAtMs: identity.issuedAtMs,
    }),
    ofFailure: (error, session): FieldReport => ({
      ...base,
      reportId: `fr-${session.decisionId}`,
      trainingRunId: session.about.trainingRunId,
      outcome: 'NEUTRAL',
      notes: error.facts.reason,
      metrics: { loss_delta: 0 },
      issuedAtMs: session.atMs,
    }),
  };
}
