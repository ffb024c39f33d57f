import type { TelemetryEvent } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { POLICY_EVENTS } from './policy-events.js';

/** What a command depends on and lacks. */
type DependencyType = 'training_run' | 'seed_operation' | 'seed' | 'blueprint' | 'mesh_host_layers';

/** Something a command depends on is not there (DG-01). No command leaves. */
export interface DependencyViolation {
  readonly code: 'dependency_violation';
  readonly subsystem: 'tamiyo';
  /** `tamiyo dependency violation: <reason>`. */
  readonly message: string;
  readonly reason: string;
  readonly dependencyType: DependencyType;
  /** The id that failed; `<empty>` when it was blank. */
  readonly identifier: string;
  /** Copied; texts only. */
  readonly context: Readonly<Record<string, string>>;
}

/** Which dependency is checked, for whom. */
export interface DependencyContext {
  readonly dependencyType: DependencyType;
  readonly identifier: string;
  readonly details: Readonly<Record<string, string>>;
}

export function dependencyViolation(
  { dependencyType, identifier, details }: DependencyContext,
  reason: string,
): DependencyViolation {
  return {
    code: 'dependency_violation',
    subsystem: 'tamiyo',
    message: `tamiyo dependency violation: ${reason}`,
    reason,
    dependencyType,
    identifier: identifier.trim() === '' ? '<empty>' : identifier,
    context: { ...details },
  };
}

/** DG-02: a condition that must hold. */
export const ensurePresent = (
  condition: boolean,
  context: DependencyContext,
  reason: string,
): Result<void, DependencyViolation> => (condition ? ok(undefined) : err(dependencyViolation(context, reason)));

/** DG-03: an entry that a lookup must know. The reason names type and id. */
export const verifyRegistryEntry = (
  context: DependencyContext,
  lookup: (identifier: string) => boolean,
): Result<void, DependencyViolation> =>
  ensurePresent(lookup(context.identifier), context, `missing ${context.dependencyType} ${context.identifier}`);

/** The violation as CRITICAL telemetry, with the planned attribute names and the older ones beside them (DG-04, DG-05). */
export function dependencyEvent(violation: DependencyViolation): TelemetryEvent {
  const { subsystem, dependencyType, identifier, reason } = violation;
  return {
    description: 'dependency_guard.violation',
    level: POLICY_EVENTS['dependency_guard.violation'].level,
    attributes: {
      ...violation.context,
      subsystem,
      artifact_type: dependencyType,
      artifact_id: identifier,
      dependency_type: dependencyType,
      identifier,
      reason,
    },
  };
}
