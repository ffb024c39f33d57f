import type { RegistryError, ShadowReport } from '@esper/registry';
import type { Result } from '@esper/std';
import type { TamiyoError } from '../errors.js';

/** What an operator can order for the policies of a running host. */
export const POLICY_ORDERS = ['stage', 'promote', 'roll_back'] as const;

/**
 * One order. Who and why stand in the history.
 *
 * - `stage`: the bundle is verified and kept, nothing else changes.
 * - `promote`: a bundle's folder, or a policy of the store named by the beginning of its digest, is taken through every gate.
 * - `roll_back`: the last known good policy comes back; the present one is rejected.
 */
export type PolicyOrder = { readonly who: string; readonly why: string } & (
  | { readonly kind: 'stage'; readonly bundle: string }
  | {
      readonly kind: 'promote';
      readonly from: { readonly bundle: string } | { readonly digest: string };
      readonly acceptLooserMax?: number;
      readonly shadowDecisions?: number;
    }
  | { readonly kind: 'roll_back' }
);

/** What an order has led to: durable, and in force for the next packet unless it was only staged. */
export interface PolicyOrdered {
  readonly kind: (typeof POLICY_ORDERS)[number];
  readonly policyId: string;
  readonly policyVersion: number;
  /** SHA-256 of the manifest, hex. */
  readonly digest: string;
  readonly standing: 'staged' | 'active';
  /** What was measured on the way, of a promotion. */
  readonly proof?: {
    readonly goldenCases: number;
    /** p95 of a decision. */
    readonly latencyMs: number;
    /** `null` where nothing was compared. */
    readonly shadow: ShadowReport | null;
  };
}

/** Never rejects for what is refused; the codes of a refusal are those of the registry. */
export type OrderPolicy = (order: PolicyOrder) => Promise<Result<PolicyOrdered, RegistryError | TamiyoError>>;
