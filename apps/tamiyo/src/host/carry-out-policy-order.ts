import { type PolicyStore, RegistryError, type RegistryRefusal, type VerifiedBundle } from '@esper/registry';
import { bundleFolder } from '@esper/registry/node';
import { assertNever, err, isCodedError, ok, type Result } from '@esper/std';
import type { LivePolicies } from '../adapters/policy-store.js';
import { namedPolicy } from '../adapters/policy-store-named.js';
import { TamiyoError } from '../errors.js';
import type { PolicyOrder, PolicyOrdered } from './policy-order.js';

type Ordered = Result<PolicyOrdered, RegistryError | TamiyoError>;

/** Carries out an order on the policies of a running host; updates wait for each other. A store that cannot write is told too. */
export async function carryOutPolicyOrder(order: PolicyOrder, policies: LivePolicies): Promise<Ordered> {
  try {
    return await carryOut(order, policies);
  } catch (cause) {
    if (cause instanceof RegistryError) return err(cause);
    const message = isCodedError(cause) ? `${cause.code}: ${cause.message}` : String(cause);
    return err(new TamiyoError('INTERNAL', `the order could not be carried out: ${message}`, { cause }));
  }
}

function carryOut(order: PolicyOrder, policies: LivePolicies): Promise<Ordered> {
  switch (order.kind) {
    case 'stage':
      return stage(order, policies);
    case 'promote':
      return promote(order, policies);
    case 'roll_back':
      return rollBack(order, policies);
    default:
      return assertNever(order, 'policy order');
  }
}

type OrderOf<K extends PolicyOrder['kind']> = Extract<PolicyOrder, { readonly kind: K }>;

async function stage({ kind, bundle, ...note }: OrderOf<'stage'>, policies: LivePolicies): Promise<Ordered> {
  const staged = await policies.stage(bundleFolder(bundle), note);
  return staged.ok ? ok({ kind, ...nameOf(staged.value), standing: 'staged' }) : refused(staged.error);
}

async function promote(order: OrderOf<'promote'>, policies: LivePolicies): Promise<Ordered> {
  const { kind, from, ...wish } = order;
  const source = 'bundle' in from ? bundleFolder(from.bundle) : keptPolicy(policies.store, from.digest);
  const outcome = await policies.update(source, wish);
  if (!outcome.ok) return refused(outcome.error);
  const { policyId, policyVersion, digest, goldenCases, latencyMs, shadow = null } = outcome.value;
  return ok({ kind, policyId, policyVersion, digest, standing: 'active', proof: { goldenCases, latencyMs, shadow } });
}

async function rollBack({ kind, ...note }: OrderOf<'roll_back'>, policies: LivePolicies): Promise<Ordered> {
  const outcome = await policies.rollBack(note);
  return outcome.ok ? ok({ kind, ...nameOf(outcome.value), standing: 'active' }) : refused(outcome.error);
}

const keptPolicy = (store: PolicyStore, digest: string) => store.kept(namedPolicy(store, digest));

const nameOf = ({ digest, manifest: { policyId, policyVersion } }: VerifiedBundle) => ({
  policyId,
  policyVersion,
  digest,
});

const refused = ({ code, message }: RegistryRefusal): Ordered => err(new RegistryError(code, message));
