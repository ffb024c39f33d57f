import type { Check } from './check.js';
import { CONFIG_CHECKS } from './config-checks.js';
import { DATA_CHECKS } from './data-checks.js';
import { KEY_CHECKS } from './key-checks.js';
import { LOG_CHECKS } from './log-checks.js';
import { OUTSIDE_CHECKS } from './outside-checks.js';
import { POLICY_CHECKS } from './policy-checks.js';
import { REGISTRY_CHECKS } from './registry-checks.js';

/** Everything the doctor looks at, in the order in which a start needs it: what comes first is to be mended first. */
export const CHECKS: readonly Check[] = [
  ...CONFIG_CHECKS,
  ...KEY_CHECKS,
  ...DATA_CHECKS,
  ...LOG_CHECKS,
  ...REGISTRY_CHECKS,
  ...POLICY_CHECKS,
  ...OUTSIDE_CHECKS,
];
