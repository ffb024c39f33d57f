import { type BusEnvelope, decodeMessage, type PolicyUpdate, type TelemetryEvent } from '@esper/leyline';
import type { Bus, Subscription } from '@esper/oona';
import {
  type BundleChecks,
  type BundleManifest,
  type BundleSource,
  loadBundle,
  memoryBundle,
  type RegistryRefusal,
  rejectedEvent,
  unpackBundle,
} from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { err, ok, type Result } from '@esper/std';
import { type LivePolicies, noticeOf } from './policy-store.js';

/** Where one host is alone with the bus. */
export const POLICY_GROUP = 'tamiyo-policy';
/** Who the history names for what came by the stream. The maker is who signed the bundle. */
const STREAM_WHO = 'oona.policy';

export interface StreamParts {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly policies: LivePolicies;
  readonly checks: BundleChecks;
  readonly tell: (event: TelemetryEvent) => void;
  /** The consumer group; hosts that share a bus have one each, since each has to get every update. */
  readonly group: string;
}

/**
 * Takes policy updates from the bus. A message is acknowledged when its bundle is durably staged, or refused and told; the
 * update itself goes on after that. What was staged when the host was killed is tried again by {@link resumeStaged}.
 */
export function subscribePolicies(parts: StreamParts): Promise<Subscription> {
  return parts.bus.subscribe('oona.policy', parts.group, ({ envelope }) => takeUpdate(envelope, parts));
}

async function takeUpdate(envelope: BusEnvelope, parts: StreamParts): Promise<void> {
  const { policies } = parts;
  const note = { who: STREAM_WHO, why: `update ${envelope.messageId}`.slice(0, 200) };
  const received = await receivedBundle(envelope, parts.checks);
  if (received === undefined) return;
  if (!received.ok) return refuse(received.error, parts);
  // The stream delivers at least once: what is in force already needs nothing.
  if (received.value.digest === policies.store.state().active) return;
  const staged = await policies.store.stage(received.value.source, note);
  if (!staged.ok) return refuse(staged.error, parts);
  inBackground(policies.update(received.value.source, note), parts);
}

/** Tries once more what came by the stream and was never decided about. */
export function resumeStaged(parts: StreamParts): void {
  const { store } = parts.policies;
  for (const [digest, standing] of store.state().standings) {
    const staged = store.history().findLast((entry) => entry.digest === digest && entry.action === 'staged');
    if ((standing !== 'staged' && standing !== 'shadow') || staged?.who !== STREAM_WHO) continue;
    inBackground(parts.policies.update(store.kept(digest), { who: STREAM_WHO, why: staged.why }), parts);
  }
}

/** Refusals tell themselves; what is left is a store that cannot be written. */
function inBackground(update: Promise<unknown>, { tell }: StreamParts): void {
  update.catch((cause: unknown) => {
    const message = cause instanceof Error ? cause.message : String(cause);
    tell({ description: 'policy_update_rejected', level: 'WARNING', attributes: { reason: 'swap_failed', message } });
  });
}

function refuse(refusal: RegistryRefusal, { tell }: StreamParts): void {
  tell(noticeOf(rejectedEvent(refusal)));
}

interface ReceivedBundle {
  readonly digest: string;
  readonly source: BundleSource;
}

/** The verified bundle of a message; `undefined` for a message that is no policy update. */
async function receivedBundle(
  envelope: BusEnvelope,
  checks: BundleChecks,
): Promise<Result<ReceivedBundle, RegistryRefusal> | undefined> {
  if (envelope.messageType !== 'POLICY_UPDATE') return undefined;
  const decoded = decodeMessage('PolicyUpdate', envelope.payload);
  if (!decoded.ok) {
    const { path, expected, found } = decoded.error;
    return err({
      code: 'BUNDLE_ARCHIVE_INVALID',
      message: `the update: ${path}: expected ${expected}, found ${found}`,
    });
  }
  const update = decoded.value;
  if (update.payload.byteLength === 0) {
    return err({ code: 'BUNDLE_MODEL_MISSING', message: `update ${update.policyId} has no bundle, only a label` });
  }
  if (sha256(update.payload) !== update.payloadDigest) {
    return err({
      code: 'BUNDLE_DIGEST_MISMATCH',
      message: `the payload of update ${update.policyId} is not as it says`,
    });
  }
  return labelledBundle(update, checks);
}

async function labelledBundle(
  update: PolicyUpdate,
  checks: BundleChecks,
): Promise<Result<ReceivedBundle, RegistryRefusal>> {
  const unpacked = unpackBundle(update.payload);
  if (!unpacked.ok) return unpacked;
  const source = memoryBundle(unpacked.value, `update ${update.policyId}`);
  const bundle = await loadBundle(source, checks);
  if (!bundle.ok) return bundle;
  const wrong = wrongLabel(update, bundle.value.manifest);
  if (wrong === undefined) return ok({ digest: bundle.value.digest, source });
  return err({ code: 'POLICY_LABEL_MISMATCH', message: `update ${update.policyId}: ${wrong}` });
}

/** Which of the update's own words is not the signed manifest's. */
function wrongLabel(update: PolicyUpdate, manifest: BundleManifest): string | undefined {
  const labels: readonly (readonly [string, unknown, unknown])[] = [
    ['policyId', update.policyId, manifest.policyId],
    ['policyVersion', update.policyVersion, manifest.policyVersion],
    ['architectureVersion', update.architectureVersion, manifest.architecture],
  ];
  const wrong = labels.find(([, said, signed]) => said !== signed);
  return wrong && `${wrong[0]} is said to be ${String(wrong[1])}, the manifest says ${String(wrong[2])}`;
}
