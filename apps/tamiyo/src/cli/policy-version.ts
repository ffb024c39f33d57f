import type { PolicyState } from '@esper/registry';
import { wholeNumber } from './whole-number.js';

/** The version of a policy that is being made: what `--policy-version` says, else one above every version that was in force. */
export const policyVersionOf = (given: string | undefined, { versionMax }: Pick<PolicyState, 'versionMax'>): number =>
  given === undefined
    ? versionMax + 1
    : wholeNumber('--policy-version', given, { least: 1, most: Number.MAX_SAFE_INTEGER });
