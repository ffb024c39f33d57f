import { err, ok } from '@esper/std';
import { describe, expect, it } from 'vitest';
import {
  openPolicyStore,
  type PolicyCandidate,
  REGISTRY_ERRORS,
  type RegistryErrorCode,
  type RegistryRefusal,
  rollBackPolicy,
  type ShadowReport,
  UPDATE_REJECTIONS,
  UPDATE_STEPS,
  type UpdateEvent,
  type UpdatePorts,
  type UpdateRejection,
  updatePolicy,
  updateRejection,
} from '../../src/index.js';
import { bundleInMemory, MemoryFiles, NOTE, sign, storePorts } from './store-bench.js';

const LOOSER = ['packet 7: PAUSE→SEED', 'packet 9: OPTIMIZER→SEED'];
const SHADOW: ShadowReport = { decisions: 10, wanted: 10, agreement: { 'PAUSE→PAUSE': 10 }, looser: [] };
const [live, next] = [bundleInMemory(1).digest, bundleInMemory(2).digest];

async function bench(faults: Partial<PolicyCandidate> = {}, portFaults: Partial<UpdatePorts> = {}) {
  const store = await openPolicyStore(storePorts(new MemoryFiles()));
  const first = bundleInMemory(1);
  await store.stage(first.source, NOTE);
  await store.activate(first.digest, NOTE);
  const done: string[] = [];
  const events: UpdateEvent[] = [];
  const steps: string[] = [];
  const candidate: PolicyCandidate = {
    checkGolden: async () => ok(3),
    measureLatencyMs: async () => 4,
    shadow: async () => SHADOW,
    swapIn: async () => void done.push('swapIn'),
    checkHealth: async () => ok(true),
    swapBack: async () => void done.push('swapBack'),
    settle: async () => void done.push('settle'),
    close: async () => void done.push('close'),
    ...faults,
  };
  const ports: UpdatePorts = {
    store,
    tables: () => ok(true),
    open: async () => candidate,
    onEvent: (event) => events.push(event),
    onStep: (step) => steps.push(step),
    ...portFaults,
  };
  const run = (wish: { acceptLooserMax?: number } = {}, source = bundleInMemory(2).source) =>
    updatePolicy(source, { ...NOTE, latencyMsMax: 45, ...wish }, ports);
  return { store, run, done, events, steps, ports };
}

describe('policy updates', () => {
  it('PU-11: an update that passes every gate is swapped in, recorded and announced', async () => {
    const { store, run, done, events, steps } = await bench();
    expect(await run()).toMatchObject({
      ok: true,
      value: { digest: next, policyVersion: 2, goldenCases: 3, latencyMs: 4, shadow: SHADOW },
    });
    expect(store.state()).toMatchObject({ active: next, lastGood: live });
    expect(done).toEqual(['swapIn', 'settle']);
    expect(steps).toEqual([...UPDATE_STEPS]);
    expect(events).toEqual([
      { name: 'policy_update_applied', level: 'INFO', attributes: { version: '2', policy_id: 'p-2', digest: next } },
    ]);
  });

  const golden: RegistryRefusal = { code: 'POLICY_GOLDEN_MISMATCH', message: 'case 2: PAUSE, recorded SEED' };
  const shape: RegistryRefusal = { code: 'POLICY_SHAPE_MISMATCH', message: 'missing=[heads], mismatched=[]' };
  const died = () => Promise.reject(new Error('died'));
  const shadowed = (report: Partial<ShadowReport>) => ({ shadow: async () => ({ ...SHADOW, ...report }) });
  const faults: readonly (readonly [what: string, fault: Partial<PolicyCandidate>, reason: UpdateRejection])[] = [
    ['golden decisions that differ', { checkGolden: async () => err(golden) }, 'golden_mismatch'],
    ['golden decisions that cannot be computed', { checkGolden: died }, 'golden_mismatch'],
    ['inputs of other sizes', { checkGolden: async () => err(shape) }, 'shape_mismatch'],
    ['a slow candidate', { measureLatencyMs: async () => 45.1 }, 'too_slow'],
    ['a latency that is no number', { measureLatencyMs: async () => Number.NaN }, 'too_slow'],
    ['a latency that cannot be measured', { measureLatencyMs: died }, 'too_slow'],
    ['looser decisions', shadowed({ looser: LOOSER }), 'looser_in_shadow'],
    ['too few decisions in shadow', shadowed({ decisions: 9 }), 'shadow_incomplete'],
    ['a shadow that breaks off', { shadow: died }, 'shadow_incomplete'],
    ['a swap that fails', { swapIn: died }, 'swap_failed'],
    ['a failed health gate', { checkHealth: async () => err('3 of 5 decisions failed') }, 'unhealthy'],
    ['a health gate that breaks off', { checkHealth: died }, 'unhealthy'],
  ];
  it.each(faults)(
    'PU-06: %s leave the live policy active and are announced with their reason',
    async (_what, fault, reason) => {
      const { store, run, done, events } = await bench(fault);
      expect((await run()).ok).toBe(false);
      expect(store.state().active).toBe(live);
      expect(store.state().standings.get(next)).toBe('rejected');
      expect(done.at(-1)).toBe('close');
      expect(done.includes('settle')).toBe(false);
      expect(done.includes('swapBack')).toBe(reason === 'unhealthy');
      expect(events).toMatchObject([{ name: 'policy_update_rejected', level: 'WARNING', attributes: { reason } }]);
      expect(store.history().at(-1)?.why).toContain(':');
    },
  );

  it('RG-11: tables that are not those of the policy are telemetry with every detail, and nothing is loaded', async () => {
    const message = 'the seed table at /t is not the one the policy was made with';
    const opened: string[] = [];
    const { store, run, events } = await bench(
      {},
      {
        tables: () => err({ code: 'TABLE_MISMATCH', message }),
        open: async ({ digest }) => {
          opened.push(digest);
          throw new Error('never');
        },
      },
    );
    expect(await run()).toMatchObject({ error: { code: 'TABLE_MISMATCH' } });
    expect(opened).toEqual([]);
    expect(events).toEqual([
      {
        name: 'policy_update_rejected',
        level: 'WARNING',
        attributes: { reason: 'registry_mismatch', code: 'TABLE_MISMATCH', message },
      },
    ]);
    expect(store.state().active).toBe(live);
  });

  it('PU-08: another architecture is refused before anything is staged', async () => {
    const { store, run, events } = await bench();
    const { source } = bundleInMemory(2, { architecture: 'tamiyo_gnn_v9' });
    expect(await run({}, source)).toMatchObject({ error: { code: 'BUNDLE_ARCHITECTURE_MISMATCH' } });
    expect(events).toMatchObject([{ attributes: { reason: 'version_mismatch' } }]);
    expect(store.history().length).toBe(2);
  });

  it('RG-12: a version mismatch names both versions', async () => {
    const { run } = await bench();
    const outcome = await run({}, bundleInMemory(2, { architecture: 'tamiyo_gnn_v9' }).source);
    expect(outcome.ok ? '' : outcome.error.message).toBe(
      'memory-2: the policy is tamiyo_gnn_v9, this host runs tamiyo_gnn_v1',
    );
  });

  it('PU-12: a candidate that cannot be loaded is rejected by name, and the same bundle may be tried again', async () => {
    let isBroken = true;
    const { run, ports } = await bench();
    const open: UpdatePorts['open'] = (bundle) =>
      isBroken ? Promise.reject(new Error('no such operator')) : ports.open(bundle);
    const wish = { ...NOTE, latencyMsMax: 45 };
    expect(await updatePolicy(bundleInMemory(2).source, wish, { ...ports, open })).toMatchObject({
      error: { code: 'POLICY_OPEN_FAILED', message: 'no such operator' },
    });
    isBroken = false;
    expect(await run()).toMatchObject({ ok: true });
  });

  it('an update that was killed while it was staged or in shadow may begin again, without a second entry', async () => {
    const { store, run } = await bench();
    const { source } = bundleInMemory(2);
    await store.stage(source, NOTE);
    await store.stage(source, NOTE);
    await store.shadow(next, NOTE);
    expect(store.history().map(({ action }) => action)).toEqual(['staged', 'activated', 'staged', 'shadowed']);
    expect(await run()).toMatchObject({ ok: true });
    expect(store.history().at(-1)).toMatchObject({ action: 'activated', digest: next });
    expect(store.history().length).toBe(5);
  });

  it('an older version is swapped in when a trusted key signs for it in the very state it is activated in', async () => {
    const { store, run, ports } = await bench();
    await run();
    const older = bundleInMemory(1, { policyId: 'older' });
    const wish = { ...NOTE, latencyMsMax: 45 };
    expect(await updatePolicy(older.source, wish, ports)).toMatchObject({ error: { code: 'POLICY_VERSION_ROLLBACK' } });
    const signed = await updatePolicy(older.source, { ...wish, downgrade: sign }, ports);
    expect(signed).toMatchObject({ ok: true, value: { digest: older.digest } });
    expect(store.history().at(-1)).toMatchObject({ action: 'activated', downgrade: true });
  });

  it('looser decisions pass when a named operator accepts as many', async () => {
    const { run } = await bench(shadowed({ looser: LOOSER }));
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

describe('an operator goes back', () => {
  it('to the last known good policy, loaded and tried anew, and the other one is rejected', async () => {
    const { store, run, done, events, ports } = await bench();
    await run();
    expect(await rollBackPolicy(NOTE, ports)).toMatchObject({ ok: true, value: { digest: live } });
    expect(store.state()).toMatchObject({ active: live, lastGood: undefined });
    expect(store.state().standings.get(next)).toBe('rejected');
    expect(done).toEqual(['swapIn', 'settle', 'swapIn', 'settle']);
    expect(events.at(-1)).toMatchObject({
      name: 'policy_update_applied',
      attributes: { digest: live, returned: 'true' },
    });
  });

  it.each<readonly [string, Partial<PolicyCandidate>, Partial<UpdatePorts>]>([
    ['it cannot be loaded', {}, { open: () => Promise.reject(new Error('no')) }],
    [
      'its golden decisions differ',
      { checkGolden: async () => err({ code: 'POLICY_GOLDEN_MISMATCH', message: '' }) },
      {},
    ],
    ['the tables are not its own', {}, { tables: () => err({ code: 'TABLE_MISMATCH', message: '' }) }],
  ])('and stays where it is when %s', async (_what, fault, portFault) => {
    const { store, run, done } = await bench();
    await run();
    const spoiled = await bench(fault, portFault);
    const outcome = await rollBackPolicy(NOTE, { ...spoiled.ports, store });
    expect(outcome.ok).toBe(false);
    expect(store.state().active).toBe(next);
    expect([done, spoiled.done.filter((one) => one !== 'close')]).toEqual([['swapIn', 'settle'], []]);
    expect(spoiled.events).toMatchObject([{ name: 'policy_update_rejected' }]);
  });

  it('nowhere when there is none', async () => {
    const { ports } = await bench();
    expect(await rollBackPolicy(NOTE, ports)).toMatchObject({ error: { code: 'POLICY_NONE' } });
  });
});
