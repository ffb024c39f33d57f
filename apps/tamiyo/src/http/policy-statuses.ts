import { REGISTRY_ERRORS, type RegistryErrorCode } from '@esper/registry';

/** What an order for policies never meets: catalogues, foreign signatures, and what only a start or a repair can. */
const NEVER_ANSWERED =
  /^(?:CATALOGUE|OMS)_|^(?:TABLE_LOCKED|TABLE_SAVE_FAILED|TABLE_NAME_\w+|TABLE_FULL|STORE_LOCKED)$/;
/** The host's own trouble; every other refusal is about what was sent, or about when. */
const OTHERS: Partial<Readonly<Record<RegistryErrorCode, number>>> = {
  POLICY_STATE_INVALID: 409,
  POLICY_NONE: 409,
  POLICY_SWAP_FAILED: 503,
  HISTORY_BROKEN: 500,
  STORE_WRITE_FAILED: 507,
};

/** How each refusal of a policy is answered. The order is not repeated by itself: somebody has to look. */
export const POLICY_STATUSES: Readonly<Record<string, { readonly status: number }>> = Object.fromEntries(
  (Object.keys(REGISTRY_ERRORS) as RegistryErrorCode[])
    .filter((code) => !NEVER_ANSWERED.test(code))
    .map((code) => [code, { status: OTHERS[code] ?? 422 }]),
);
