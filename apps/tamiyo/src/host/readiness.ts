import type { FileCatalogue } from '@esper/registry/node';
import type { Wal } from '@esper/wal';
import type { LivePolicies } from '../adapters/policy-store.js';
import type { Readiness, ReadinessCheck } from './decision-host.js';

export interface ReadinessParts {
  readonly state: Readiness['state'];
  readonly log: Pick<Wal, 'stats'>;
  readonly policies: Pick<LivePolicies, 'inForce'>;
  readonly catalogue: Pick<FileCatalogue, 'knownIds'>;
}

/** Whether a packet sent now could be answered, and what is in the way. */
export function readinessOf({ state, log, policies, catalogue }: ReadinessParts): Readiness {
  const logState = log.stats().state;
  const policy = policies.inForce();
  const ready = policy.ok ? policy.value.host.readyCount() : 0;
  const blueprints = catalogue.knownIds().size;
  const checks: readonly ReadinessCheck[] = [
    { name: 'accepting', ok: state === 'serving', detail: state },
    { name: 'log', ok: logState === 'open', detail: logState },
    { name: 'policy', ok: ready > 0, detail: policy.ok ? `${ready} inference hosts ready` : policy.error },
    { name: 'catalogue', ok: blueprints > 0, detail: `${blueprints} blueprints` },
  ];
  return { ready: checks.every((check) => check.ok), state, checks };
}
