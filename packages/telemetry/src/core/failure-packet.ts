import type { TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import { buildNoticePacket } from './notice-packet.js';

/** A decision that ended without a command. */
export interface FailureFacts {
  /** The event's name, for example `timeout_inference` or `no_seed_candidates`. */
  readonly reason: string;
  readonly packetId?: string;
  readonly trainingRunId?: string;
  readonly timestampMs: number;
  /** The deadline that was passed, for a timeout. */
  readonly budgetMs?: number;
  readonly blueprintId?: string;
  /** What the failure knows about itself: the violation's context, an error's name. Never payloads. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** What followed from it: breaker events, conservative mode. */
  readonly consequences?: readonly TelemetryEvent[];
}

/**
 * DP-13: the packet of a failed decision. CRITICAL, no metrics, first the event that names the reason, then what followed
 * from it; health DEGRADED, summary the reason.
 */
export function buildFailurePacket(facts: FailureFacts): TelemetryPacket {
  const { reason } = facts;
  const event: TelemetryEvent = { description: reason, level: 'CRITICAL', attributes: failureAttributes(facts) };
  return buildNoticePacket({
    packetId:
      facts.packetId === undefined || facts.packetId === '' ? `tamiyo-policy-failure-${reason}` : facts.packetId,
    timestampMs: facts.timestampMs,
    ...(facts.trainingRunId === undefined ? {} : { trainingRunId: facts.trainingRunId }),
    events: [event, ...(facts.consequences ?? [])],
    priority: 'CRITICAL',
    status: 'DEGRADED',
    summary: reason,
    indicators: { reason },
  });
}

/** DP-14: run and packet are always named, empty when unknown. */
function failureAttributes(facts: FailureFacts): Readonly<Record<string, string>> {
  return {
    ...facts.attributes,
    training_run_id: facts.trainingRunId ?? '',
    packet_id: facts.packetId ?? '',
    reason: facts.reason,
    ...(facts.budgetMs === undefined ? {} : { budget_ms: facts.budgetMs.toFixed(1) }),
    ...(facts.blueprintId === undefined ? {} : { blueprint_id: facts.blueprintId }),
  };
}

/**
 * DP-15: the reason in the message of a dependency violation: what stands after its first colon, else `policy_failure`. For
 * errors of other libraries that only have a message; ours carry their reason as data.
 */
export function violationReason(message: string): string {
  const colon = message.indexOf(':');
  const reason = colon < 0 ? '' : message.slice(colon + 1).trim();
  return reason === '' ? 'policy_failure' : reason;
}

/** What a command needed and did not find (DG-04, DG-05). */
export interface GuardViolation {
  readonly subsystem: string;
  readonly dependencyType: string;
  readonly identifier: string;
  readonly reason: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** DG-04: the violation as an event, CRITICAL in fact and not only in a comment (D-36). */
export const guardViolationEvent = (violation: GuardViolation): TelemetryEvent => ({
  description: 'dependency_guard.violation',
  level: 'CRITICAL',
  attributes: {
    ...violation.details,
    subsystem: violation.subsystem,
    dependency_type: violation.dependencyType,
    identifier: violation.identifier,
    artifact_type: violation.dependencyType,
    artifact_id: violation.identifier,
    reason: violation.reason,
  },
});
