import { err, ok } from '@esper/std';
import { describe, expect, it } from 'vitest';
import {
  openPolicyStore,
  type PolicyCandidate,
  REGISTRY_ERRORS,
  type RegistryErrorCode,
  UPDATE_REJECTIONS,
  UPDATE_STEPS,
  type UpdateEvent,
  type UpdateRejection,
  updatePolicy,
  updateRejection,
} from '../../src/index.js';
import { bundleInMemory, MemoryFiles, NOTE, storePorts } from './store-bench.js';

const LOOSER = ['packet 7: PAUSE→SEED', 'packet 9: OPTIMIZER→SEED'];

async function bench(faults: Partial<PolicyCandidate> = {}) {
  const store = await openPolicyStore(storePorts(new MemoryFiles()));
  const first = bundleInMemory(1);
  await store.stage(first.source, NOTE);
  await store.activate(first.digest, NOTE);
  const done: string[] = [];
  const events: UpdateEvent[] = [];
  const candidate: PolicyCandidate = {
    checkGolden: async () => ok(3),
    measureLatencyMs: async () => 4,
    shadow: async () => ({ decisions: 10, agreement: { 'PAUSE→PAUSE': 10 }, looser: [] }),
    swapIn: async () => void done.push('swapIn'),
    checkHealth: async () => ok(true),
    swapBack: async () => void done.push('swapBack'),
    close: async () => void done.push('close'),
    ...faults,
  };
  const steps: string[] = [];
  const run = (wish: { acceptLooserMax?: number } = {}, version = 2) =>
    updatePolicy(
      bundleInMemory(version).source,
      { ...NOTE, latencyMsMax: 45, ...wish },
      {
        store,
        open: async () => candidate,
        onEvent: (event) => events.push(event),
        onStep: (step) => steps.push(step),
      },
    );
  return { store, run, done, events, steps };
}
const [live, next] = [bundleInMemory(1).digest, bundleInMemory(2).digest];

describe('policy updates', () => {
  it('PU-11: an update that passes every gate is swapped in, recorded and announced', async () => {
    const { store, run, done, events, steps } = await bench();
    expect(await run()).toMatchObject({
      ok: true,
      value: { digest: next, policyVersion: 2, goldenCases: 3, latencyMs: 4 },
    });
    expect(store.state()).toMatchObject({ active: next, lastGood: live });
    expect(done).toEqual(['swapIn']);
    expect(steps).toEqual([...UPDATE_STEPS]);
    expect(events).toEqual([
      { name: 'policy_update_applied', level: 'INFO', attributes: { version: '2', policy_id: 'p-2', digest: next } },
    ]);
  });

  const faults: readonly (readonly [what: string, fault: Partial<PolicyCandidate>, reason: UpdateRejection])[] = [
    [
      'golden decisions that differ',
      { checkGolden: async () => err('case 2: PAUSE, recorded SEED') },
      'golden_mismatch',
    ],
    [
      'golden decisions that cannot be computed',
      { checkGolden: () => Promise.reject(new Error('died')) },
      'golden_mismatch',
    ],
    ['a slow candidate', { measureLatencyMs: async () => 45.1 }, 'too_slow'],
    ['a latency that is no number', { measureLatencyMs: async () => Number.NaN }, 'too_slow'],
    ['looser decisions', { shadow: async () => ({ decisions: 9, agreement: {}, looser: LOOSER }) }, 'looser_in_shadow'],
    ['a swap that fails', { swapIn: () => Promise.reject(new Error('no')) }, 'swap_failed'],
    ['a failed health gate', { checkHealth: async () => err('3 of 5 decisions failed') }, 'unhealthy'],
  ];
  it.each(faults)(
    'PU-06: %s leave the live policy active and are announced with their reason',
    async (_what, fault, reason) => {
      const { store, run, done, events } = await bench(fault);
      expect((await run()).ok).toBe(false);
      expect(store.state().active).toBe(live);
      expect(store.state().standings.get(next)).toBe('rejected');
      expect(done.includes('close')).toBe(true);
      expect(done.includes('swapBack')).toBe(reason === 'unhealthy');
      expect(events).toMatchObject([{ name: 'policy_update_rejected', level: 'WARNING', attributes: { reason } }]);
      expect(store.history().at(-1)?.why).toContain(':');
    },
  );

  it('PU-08: another architecture is refused before anything is staged', async () => {
    const { store, events } = await bench();
    const { source } = bundleInMemory(2, { architecture: 'tamiyo_gnn_v9' });
    const wish = { ...NOTE, latencyMsMax: 45 };
    const ports = {
      store,
      open: () => Promise.reject(new Error('never')),
      onEvent: (e: UpdateEvent) => events.push(e),
    };
    expect(await updatePolicy(source, wish, ports)).toMatchObject({ error: { code: 'BUNDLE_ARCHITECTURE_MISMATCH' } });
    expect(events).toMatchObject([{ attributes: { reason: 'version_mismatch' } }]);
    expect(store.history().length).toBe(2);
  });

  it('PU-12: a candidate that cannot be loaded is rejected by name, and the same bundle may be tried again', async () => {
    const { store, run } = await bench();
    const ports = { store, open: () => Promise.reject(new Error('no such operator')), onEvent: () => undefined };
    const wish = { ...NOTE, latencyMsMax: 45 };
    expect(await updatePolicy(bundleInMemory(2).source, wish, ports)).toMatchObject({
      error: { code: 'POLICY_OPEN_FAILED', message: 'no such operator' },
    });
    expect(await run()).toMatchObject({ ok: true });
  });

  it('looser decisions pass when a named operator accepts as many', async () => {
    const { run } = await bench({ shadow: async () => ({ decisions: 9, agreement: {}, looser: LOOSER }) });
    expect(await run({ acceptLooserMax: 1 })).toMatchObject({ error: { code: 'POLICY_LOOSER' } });
    expect(await run({ acceptLooserMax: 2 })).toMatchObject({ ok: true });
  });

  it('D-33: the reason follows from the code alone, whatever words the message has', () => {
    for (const code of Object.keys(REGISTRY_ERRORS) as RegistryErrorCode[]) {
      const reason = updateRejection({ code, message: 'registry shape version' });
      expect(UPDATE_REJECTIONS).toContain(reason);
      expect(updateRejection({ code, message: '' })).toBe(reason);
    }
    expect(updateRejection({ code: 'TABLE_MISMATCH', message: '' })).toBe('registry_mismatch');
  });
});
