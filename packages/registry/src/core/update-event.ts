import type { RegistryErrorCode, RegistryRefusal } from '../errors.js';

/** The catalogue's reasons of `policy_update_rejected`, and the ones that signed bundles add. */
export const UPDATE_REJECTIONS = [
  'version_mismatch',
  'stale_update',
  'invalid_payload',
  'registry_mismatch',
  'shape_mismatch',
  'incompatible_update',
  'swap_failed',
  'signature_invalid',
  'version_rollback',
  'golden_mismatch',
  'too_slow',
  'looser_in_shadow',
  'shadow_incomplete',
  'unhealthy',
] as const;
export type UpdateRejection = (typeof UPDATE_REJECTIONS)[number];

/** Events of policy updates, by the catalogue's names. */
export const UPDATE_EVENTS = {
  applied: { name: 'policy_update_applied', level: 'INFO' },
  rejected: { name: 'policy_update_rejected', level: 'WARNING' },
} as const;

/** What an update says to telemetry. */
export interface UpdateEvent {
  readonly name: (typeof UPDATE_EVENTS)[keyof typeof UPDATE_EVENTS]['name'];
  readonly level: 'INFO' | 'WARNING';
  readonly attributes: Readonly<Record<string, string>>;
}

/** The reason follows from the code, never from words of a message (D-33e). */
const REJECTION_OF: Readonly<Partial<Record<RegistryErrorCode, UpdateRejection>>> = {
  BUNDLE_ARCHITECTURE_MISMATCH: 'version_mismatch',
  BUNDLE_FORMAT_UNKNOWN: 'version_mismatch',
  BUNDLE_SIGNATURE_MISSING: 'signature_invalid',
  BUNDLE_SIGNATURE_INVALID: 'signature_invalid',
  POLICY_DOWNGRADE_UNSIGNED: 'signature_invalid',
  POLICY_STALE: 'stale_update',
  POLICY_FROM_FUTURE: 'stale_update',
  POLICY_VERSION_ROLLBACK: 'version_rollback',
  TABLE_MISMATCH: 'registry_mismatch',
  TABLE_MISSING_IN_MANIFEST: 'registry_mismatch',
  POLICY_SHAPE_MISMATCH: 'shape_mismatch',
  BUNDLE_CONTRACT_MISMATCH: 'shape_mismatch',
  POLICY_LABEL_MISMATCH: 'signature_invalid',
  POLICY_OPEN_FAILED: 'incompatible_update',
  POLICY_STATE_INVALID: 'incompatible_update',
  POLICY_GOLDEN_MISMATCH: 'golden_mismatch',
  POLICY_TOO_SLOW: 'too_slow',
  POLICY_LOOSER: 'looser_in_shadow',
  POLICY_SHADOW_SHORT: 'shadow_incomplete',
  POLICY_SWAP_FAILED: 'swap_failed',
  POLICY_UNHEALTHY: 'unhealthy',
};

/** Why an update was rejected, in the catalogue's word; what is wrong with the bytes themselves is `invalid_payload`. */
export const updateRejection = ({ code }: RegistryRefusal): UpdateRejection => REJECTION_OF[code] ?? 'invalid_payload';

export const appliedEvent = (policy: {
  readonly digest: string;
  readonly policyId: string;
  readonly policyVersion: number;
}): UpdateEvent => ({
  ...UPDATE_EVENTS.applied,
  attributes: { version: String(policy.policyVersion), policy_id: policy.policyId, digest: policy.digest },
});

export const rejectedEvent = (refusal: RegistryRefusal): UpdateEvent => ({
  ...UPDATE_EVENTS.rejected,
  attributes: { reason: updateRejection(refusal), code: refusal.code, message: refusal.message },
});

export const returnedEvent = (policy: Parameters<typeof appliedEvent>[0]): UpdateEvent => {
  const applied = appliedEvent(policy);
  return { ...applied, attributes: { ...applied.attributes, returned: 'true' } };
};
