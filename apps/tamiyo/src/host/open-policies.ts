import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createBytesSigner } from '@esper/command-verifier';
import { systemClock } from '@esper/std/node';
import { hostNameOf } from '../adapters/host-name.js';
import { bundleChecks } from '../adapters/policy-bundle.js';
import type { LivePolicies } from '../adapters/policy-store.js';
import { openLivePolicies } from '../adapters/policy-store-open.js';
import { POLICY_GROUP, resumeStaged, subscribePolicies } from '../adapters/policy-store-stream.js';
import type { HostSetup } from './host-setup.js';
import type { Carriers } from './open-carriers.js';
import type { Memory } from './open-memory.js';
import type { OpenParts } from './open-parts.js';

/** The policies of a host, one of them in force if any can be. */
export async function openPolicies(
  { config, keys }: HostSetup,
  { carriers, memory }: { readonly carriers: Carriers; readonly memory: Memory },
  open: OpenParts,
): Promise<LivePolicies> {
  const { timers } = nodeWorkerPorts();
  const policies = await openLivePolicies({ config, keys, timers, tables: memory.names.folder, tell: carriers.tell });
  open.keep(() => policies.close());
  return policies;
}

/** Takes policy updates from the bus, where that is configured, and goes on with those that were under way. */
export async function joinPolicyStream(
  { config, keys }: HostSetup,
  { carriers, policies }: { readonly carriers: Carriers; readonly policies: LivePolicies },
  open: OpenParts,
): Promise<void> {
  if (!config.values['policy.fromBus']) return;
  const { bus, tell } = carriers;
  const checks = bundleChecks(createBytesSigner({ keyRing: keys, clock: systemClock }));
  const group = carriers.busKind === 'redis' ? `${POLICY_GROUP}-${hostNameOf(config)}` : POLICY_GROUP;
  const parts = { bus, policies, checks, tell, group };
  const subscription = await subscribePolicies(parts);
  open.keep(() => subscription.close());
  resumeStaged(parts);
}
