import { REGISTRY_ERRORS, type RegistryRefusal } from '@esper/registry';
import { ARCHITECTURE } from '../adapters/policy-bundle.js';
import { bundleFolderOf } from '../adapters/policy-store-open.js';
import { TAMIYO_ERRORS } from '../errors.js';
import { type Check, type Finding, fail, pass, skipped, warn } from './check.js';
import type { PolicySeen, Scene } from './scene.js';

const DAY_MS = 86_400_000;
const NOTICE_MS = 14 * DAY_MS;
const SHORT = 12;
/** The policy is genuine, and not for this host. */
const FOREIGN: ReadonlySet<string> = new Set(['BUNDLE_ARCHITECTURE_MISMATCH', 'BUNDLE_CONTRACT_MISMATCH']);

/** The policy in force, or the one that a first start would take. */
export const POLICY_CHECKS: readonly Check[] = [
  { id: 'policy.digest', asks: 'Is every byte of the policy the one that was signed?', look: lookAtBytes },
  { id: 'policy.architecture', asks: 'Is the policy made for this host?', look: lookAtArchitecture },
  { id: 'policy.expiry', asks: 'Has the policy not expired?', look: lookAtExpiry },
];

/** The policy or what refused it; `undefined` where it cannot be judged because something else is missing. */
async function policyOf(scene: Scene): Promise<PolicySeen | RegistryRefusal | undefined> {
  if (await scene.isWithoutFolder(bundleFolderOf(scene.setup.config))) return undefined;
  const areKeysOpen = await scene.keys().then(
    () => true,
    // The checks of the keys tell why.
    () => false,
  );
  if (!areKeysOpen) return undefined;
  const policy = await scene.policy();
  return policy.ok ? policy.value : policy.error;
}

const UNSEEN = skipped('the policy cannot be checked without its folder and the keys');
const UNREAD = skipped('the policy could not be read');

async function lookAtBytes(scene: Scene): Promise<Finding> {
  const policy = await policyOf(scene);
  if (policy === undefined) return UNSEEN;
  if ('bundle' in policy) return digestOf(policy);
  if (FOREIGN.has(policy.code)) return skipped('its files are not looked at: it is not made for this host');
  const isMissing = policy.code === 'BUNDLE_FILE_MISSING' && policy.message.includes('manifest');
  const { next } = isMissing ? TAMIYO_ERRORS.POLICY_MISSING : REGISTRY_ERRORS[policy.code];
  return fail(`${policy.code}: ${policy.message}`, next);
}

function digestOf({ bundle, expected, location }: PolicySeen): Finding {
  const { digest, files } = bundle;
  if (expected === undefined || expected === digest) {
    return pass(`${files.size} files, digest ${digest.slice(0, SHORT)}, in ${location}`);
  }
  return fail(
    `the policy in ${location} has digest ${digest.slice(0, SHORT)}, and ${expected.slice(0, SHORT)} is in force`,
    REGISTRY_ERRORS.BUNDLE_DIGEST_MISMATCH.next,
  );
}

async function lookAtArchitecture(scene: Scene): Promise<Finding> {
  const policy = await policyOf(scene);
  if (policy === undefined) return UNSEEN;
  if ('bundle' in policy) return pass(`${policy.bundle.manifest.architecture}, as this host runs`);
  if (!FOREIGN.has(policy.code)) return UNREAD;
  return fail(policy.message, `${REGISTRY_ERRORS[policy.code].next} This host runs ${ARCHITECTURE}.`);
}

async function lookAtExpiry(scene: Scene): Promise<Finding> {
  const policy = await policyOf(scene);
  if (policy === undefined) return UNSEEN;
  if (!('bundle' in policy)) return UNREAD;
  const { expiresAtMs } = policy.bundle.manifest;
  if (expiresAtMs === undefined) return pass('it does not expire');
  const leftMs = expiresAtMs - scene.nowMs();
  const saw = `it ${leftMs < 0 ? 'expired' : 'expires'} at ${new Date(expiresAtMs).toISOString()}`;
  const next =
    'Stage and promote a newer one (tamiyo policy stage, tamiyo policy promote); each decision with an expired one carries a risk signal.';
  if (leftMs < 0) return fail(saw, next);
  return leftMs < NOTICE_MS ? warn(saw, next) : pass(saw);
}
