import { type BusEnvelope, encodeMessage, type PolicyUpdate } from '@esper/leyline';
import { sha256 } from '@esper/registry/node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { archiveOf, flipByte, NOTE, policyBench } from '../support/policy-bench.js';

type Bench = Awaited<ReturnType<typeof policyBench>>;
let bench: Bench;
afterEach(() => bench.remove());
const WAIT = { timeout: 20_000 };

function envelope(update: PolicyUpdate, messageId = 'm-1'): BusEnvelope {
  return {
    version: 1,
    messageType: 'POLICY_UPDATE',
    messageId,
    priority: 'NORMAL',
    sentAtMs: Date.now(),
    payload: encodeMessage('PolicyUpdate', update),
    attributes: {},
  };
}

const updateOf = (payload: Uint8Array, labels: Partial<PolicyUpdate> = {}): PolicyUpdate => ({
  version: 1,
  policyId: 'untrained-2',
  trainingRunId: 'run-1',
  architectureVersion: 'tamiyo_gnn_v1',
  policyVersion: 2,
  issuedAtMs: 1_700_000_000_000,
  payload,
  payloadDigest: sha256(payload),
  ...labels,
});

const active = ({ policies }: Awaited<ReturnType<Bench['open']>>['host']) => {
  const now = policies.inForce();
  return now.ok ? now.value.digest : now.error;
};

describe('the policy stream', () => {
  it('TA-23, PU-01: a signed bundle that comes by the bus is tried and put in force, and coming twice changes nothing', async () => {
    bench = await policyBench();
    const { host, events } = await bench.open();
    const second = await bench.make({ version: 2 });
    const update = updateOf(await archiveOf(second.path));
    expect((await host.bus.publish('oona.policy', envelope(update))).ok).toBe(true);
    await vi.waitFor(() => expect(active(host)).toBe(second.digest), WAIT);
    const entries = host.policies.store.history().length;
    await host.bus.publish('oona.policy', envelope(update, 'm-2'));
    await vi.waitFor(() => expect(host.bus.depth('oona.policy').unacknowledged['tamiyo-policy']).toBe(0), WAIT);
    expect(host.policies.store.history().length).toBe(entries);
    expect(host.policies.store.history().at(-1)).toMatchObject({ who: 'oona.policy', why: 'update m-1' });
    await host.close();
    expect(events).toContainEqual(expect.objectContaining({ description: 'policy_update_applied' }));
  });

  it('TA-23, D-34: labels alone, labels that lie, forged and altered payloads are refused with their own reason', async () => {
    bench = await policyBench();
    const { host, events } = await bench.open();
    const second = await bench.make({ version: 2 });
    const archive = await archiveOf(second.path);
    const altered = Uint8Array.from(archive);
    altered[archive.length >> 1] = (altered[archive.length >> 1] ?? 0) ^ 1;
    await flipByte(`${second.path}/manifest.sig`);
    const forged = await archiveOf(second.path);
    const updates: readonly PolicyUpdate[] = [
      updateOf(new Uint8Array(0), { architectureVersion: 'evil' }),
      updateOf(archive, { policyVersion: 9 }),
      updateOf(archive, { architectureVersion: 'evil' }),
      updateOf(archive, { policyId: 'evil' }),
      updateOf(altered, { payloadDigest: sha256(archive) }),
      updateOf(altered),
      updateOf(archive.subarray(0, 100)),
      updateOf(forged),
    ];
    for (const [at, update] of updates.entries()) await host.bus.publish('oona.policy', envelope(update, `bad-${at}`));
    await vi.waitFor(() => expect(host.bus.depth('oona.policy').unacknowledged['tamiyo-policy']).toBe(0), WAIT);
    expect(active(host)).toBe(bench.first.digest);
    expect(host.policies.store.history().length).toBe(2);
    await host.close();
    const reasons = events.filter(({ description }) => description === 'policy_update_rejected');
    expect(reasons.map(({ attributes }) => `${attributes['reason']} ${attributes['code']}`)).toEqual([
      'invalid_payload BUNDLE_MODEL_MISSING',
      'signature_invalid POLICY_LABEL_MISMATCH',
      'signature_invalid POLICY_LABEL_MISMATCH',
      'signature_invalid POLICY_LABEL_MISMATCH',
      'invalid_payload BUNDLE_DIGEST_MISMATCH',
      'invalid_payload BUNDLE_DIGEST_MISMATCH',
      'invalid_payload BUNDLE_ARCHIVE_INVALID',
      'signature_invalid BUNDLE_SIGNATURE_INVALID',
    ]);
  });

  it('an update that was staged when the host was killed is tried again at the start', async () => {
    bench = await policyBench();
    const first = await bench.open();
    const second = await bench.make({ version: 2 });
    await first.host.policies.store.stage(second.source, { who: 'oona.policy', why: 'update m-1' });
    const byHand = await bench.make({ version: 3 });
    await first.host.policies.store.stage(byHand.source, NOTE);
    await first.host.close();
    const again = await bench.open();
    await vi.waitFor(() => expect(active(again.host)).toBe(second.digest), WAIT);
    expect(again.host.policies.store.state().standings.get(byHand.digest)).toBe('staged');
  });

  it('switched off, nothing comes by the bus', async () => {
    bench = await policyBench();
    const { host } = await bench.open({ 'policy.fromBus': 'false' });
    await host.bus.publish('oona.policy', envelope(updateOf(new Uint8Array(0))));
    expect(host.bus.depth('oona.policy').unacknowledged['tamiyo-policy']).toBeUndefined();
  });
});
