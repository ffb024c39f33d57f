import { mkdir, rm } from 'node:fs/promises';
import { type NameTables, nameTable, TABLE_NAMES, TABLE_SPECS } from '@esper/registry';
import { buildPacket, buildSeed } from '@esper/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { decideOnce, decideUntil, flipByte, NOTE, policyBench } from '../support/policy-bench.js';

type Bench = Awaited<ReturnType<typeof policyBench>>;
let bench: Bench;
afterEach(() => bench.remove());

const active = ({ policies }: Awaited<ReturnType<Bench['open']>>['host']) => {
  const now = policies.inForce();
  return now.ok ? now.value.digest : now.error;
};

describe('updates of a live host', () => {
  it('PU-07: a swap under load falls between two decisions: none fails, and none mixes two policies', async () => {
    bench = await policyBench();
    const { host } = await bench.open();
    const second = await bench.make({ version: 2 });
    const update = host.policies.update(second.source, NOTE);
    const runs = ['a', 'b', 'c', 'd'].map((run) => decideUntil(host, update, run));
    const outcomes = (await Promise.all(runs)).flat();
    expect(await update).toMatchObject({ ok: true, value: { digest: second.digest } });
    expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
    const seen = new Set<string>();
    for (const outcome of outcomes) {
      if (!outcome.ok) continue;
      const view = await host.decision(outcome.value.decisionId);
      const record = view?.record.kind === 'decision' ? view.record : undefined;
      expect(record?.command.decision?.policy?.bundleDigest).toBe(record?.digests.policy);
      seen.add(record?.digests.policy ?? '');
    }
    expect([...seen].every((digest) => [bench.first.digest, second.digest].includes(digest))).toBe(true);
    expect(active(host)).toBe(second.digest);
  });

  it('PU-09: a policy that was swapped in sees the blueprints at once', async () => {
    bench = await policyBench();
    const { host } = await bench.open();
    expect((await host.policies.update((await bench.make({ version: 2, prior: { seed: 1 } })).source, NOTE)).ok).toBe(
      true,
    );
    const outcome = await decideOnce(host, 'p-1');
    expect(outcome.ok && outcome.value.proposed.annotations?.['selected_blueprint']).toBe(
      [...host.catalogue.knownIds()][0],
    );
  });

  it('PU-14: a policy whose first decisions fail is taken back, and the one before decides again', async () => {
    bench = await policyBench();
    const { host, events } = await bench.open({
      'deadlines.inferenceMs': '0.001',
      'policy.healthDecisions': '3',
      'policy.healthMs': '5000',
    });
    const second = await bench.make({ version: 2 });
    const update = host.policies.update(second.source, NOTE);
    await decideUntil(host, update);
    expect(await update).toMatchObject({ ok: false, error: { code: 'POLICY_UNHEALTHY' } });
    expect(active(host)).toBe(bench.first.digest);
    const { standings, active: inHistory } = host.policies.store.state();
    expect([inHistory, standings.get(second.digest)]).toEqual([bench.first.digest, 'rejected']);
    expect(events).toContainEqual(expect.objectContaining({ description: 'policy_update_rejected' }));
  });

  it('in shadow a looser policy is listed packet by packet and refused, unless a named operator accepts as many', async () => {
    bench = await policyBench();
    const { host } = await bench.open({ 'policy.shadowDecisions': '5', 'policy.shadowMs': '20000' });
    const looser = await bench.make({ version: 2, prior: { optimizer: 1 } });
    const refused = host.policies.update(looser.source, NOTE);
    await decideUntil(host, refused);
    expect(await refused).toMatchObject({
      error: { code: 'POLICY_LOOSER', message: expect.stringMatching(/5 of 5 decisions looser.*PAUSE→OPTIMIZER/) },
    });
    expect(active(host)).toBe(bench.first.digest);
    const accepted = host.policies.update(looser.source, { ...NOTE, acceptLooserMax: 5 });
    await decideUntil(host, accepted, 'run-2');
    expect(await accepted).toMatchObject({ ok: true, value: { shadow: { agreement: { 'PAUSE→OPTIMIZER': 5 } } } });
  });

  it('too few live packets are no proof: the candidate is refused and says how many came', async () => {
    bench = await policyBench();
    const { host } = await bench.open({ 'policy.shadowDecisions': '5', 'policy.shadowMs': '50' });
    const second = await bench.make({ version: 2 });
    expect(await host.policies.update(second.source, NOTE)).toMatchObject({
      error: { code: 'POLICY_SHADOW_SHORT', message: expect.stringContaining('0 of 5') },
    });
    expect(active(host)).toBe(bench.first.digest);
  });

  it('a host that closes waits for no shadow, and the update ends refused', async () => {
    bench = await policyBench();
    const { host } = await bench.open({ 'policy.shadowDecisions': '5', 'policy.shadowMs': '600000' });
    const second = await bench.make({ version: 2 });
    const update = host.policies.update(second.source, NOTE);
    await host.close();
    expect((await update).ok).toBe(false);
  });

  it('an operator goes back to the last known good policy while packets come in', async () => {
    bench = await policyBench();
    const { host } = await bench.open();
    const second = await bench.make({ version: 2 });
    await host.policies.update(second.source, NOTE);
    const back = host.policies.rollBack({ who: 'ada', why: 'too many pauses' });
    const outcomes = await decideUntil(host, back);
    expect(await back).toMatchObject({ ok: true, value: { digest: bench.first.digest } });
    expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
    expect(host.policies.store.history().at(-1)).toMatchObject({
      action: 'returned',
      who: 'ada',
      why: 'too many pauses',
    });
  });
});

describe('at the start', () => {
  it('the first policy is the bundle of the policy folder; later starts run what the history says', async () => {
    bench = await policyBench();
    const first = await bench.open();
    const second = await bench.make({ version: 2 });
    await first.host.policies.update(second.source, NOTE);
    await first.host.close();
    const again = await bench.open();
    expect(active(again.host)).toBe(second.digest);
    expect(again.host.policies.store.history().map(({ action }) => action)).toEqual([
      'staged',
      'activated',
      'staged',
      'activated',
    ]);
  });

  it('D-34: with the active policy damaged the last known good one runs, and says so; with none the host stays alive', async () => {
    bench = await policyBench();
    const first = await bench.open();
    const second = await bench.make({ version: 2 });
    await first.host.policies.update(second.source, NOTE);
    await first.host.close();
    await flipByte(bench.storedFile(second.digest, 'policy.onnx'));
    const again = await bench.open();
    expect(active(again.host)).toBe(bench.first.digest);
    expect((await decideOnce(again.host, 'p-1')).ok).toBe(true);
    await again.host.close();
    expect(again.events).toContainEqual(
      expect.objectContaining({
        description: 'policy_fallback',
        level: 'CRITICAL',
        attributes: expect.objectContaining({ why: expect.stringContaining('BUNDLE_DIGEST_MISMATCH') }),
      }),
    );
    await flipByte(bench.storedFile(bench.first.digest, 'policy.onnx'));
    // What cannot even be read is no other case than what reads back wrong.
    await rm(bench.storedFile(second.digest, 'policy.onnx'));
    await mkdir(bench.storedFile(second.digest, 'policy.onnx'));
    const bare = await bench.open();
    expect(await decideOnce(bare.host, 'p-2')).toMatchObject({ ok: false, error: { code: 'INFERENCE_UNAVAILABLE' } });
    expect(bare.host.readiness()).toMatchObject({ ready: false });
    expect(bare.host.readiness().checks.find(({ name }) => name === 'policy')).toMatchObject({ ok: false });
    expect((await bare.host.policies.update((await bench.make({ version: 3 })).source, NOTE)).ok).toBe(true);
    expect((await decideOnce(bare.host, 'p-3')).ok).toBe(true);
  });

  it('TA-23, CF-17: a bundle that is older than updates may be is refused where that is configured', async () => {
    bench = await policyBench();
    const { host } = await bench.open();
    await host.close();
    const second = await bench.make({ version: 2, createdAtMs: Date.now() - 3_600_000 });
    const strict = await bench.open({ 'policy.updateAgeSecMax': '60' });
    expect(await strict.host.policies.update(second.source, NOTE)).toMatchObject({ error: { code: 'POLICY_STALE' } });
    await strict.host.close();
    const open = await bench.open({ 'policy.updateAgeSecMax': '0' });
    expect((await open.host.policies.update(second.source, NOTE)).ok).toBe(true);
  });

  it('CF-04: the first policy comes from the folder that is configured', async () => {
    bench = await policyBench();
    const other = await bench.make({ version: 1, seed: 9 });
    const { host } = await bench.open({ policyDir: other.path });
    expect(active(host)).toBe(other.digest);
  });

  it('a host that never had a policy does not start without one, or with a damaged one, and says what to do', async () => {
    bench = await policyBench();
    await flipByte(`${bench.first.path}/policy.onnx`);
    await expect(bench.open()).rejects.toMatchObject({ code: 'BUNDLE_DIGEST_MISMATCH' });
    await expect(bench.open({ policyDir: `${bench.dataDir}/nowhere` })).rejects.toMatchObject({
      code: 'POLICY_MISSING',
    });
    await bench.make({ version: 1 }, bench.first.path);
    expect((await bench.open()).host.policies.inForce().ok).toBe(true);
  });

  it('an expired policy goes on deciding, and its decisions carry the risk signal', async () => {
    bench = await policyBench({ version: 1, prior: { seed: 1 }, expiresAtMs: 1_000 });
    const { host } = await bench.open();
    const seedStates = [buildSeed({ stage: 'DORMANT' })];
    const outcome = await host.decide('run-1', buildPacket({ packetId: 'p-1', seedStates }));
    expect(outcome.ok && outcome.value.assessment.findings).toContainEqual(
      expect.objectContaining({ reason: 'policy_expired' }),
    );
  });
});

describe('name tables against a policy', () => {
  const tablesWith = (seeds: readonly string[]): NameTables =>
    Object.fromEntries(
      TABLE_NAMES.map((name) => [
        name,
        nameTable(TABLE_SPECS[name].capacity, name === 'seed' ? seeds : TABLE_SPECS[name].seeded),
      ]),
    ) as NameTables;

  it('TA-07, RG-09: a host whose tables are not those of the policy does not run it, and names table, digests, path and entries', async () => {
    bench = await policyBench({ version: 1, tables: tablesWith(['seed-a', 'seed-b']) });
    await expect(bench.open()).rejects.toMatchObject({
      code: 'TABLE_MISMATCH',
      message: expect.stringMatching(
        /the seed table at .*seed_registry\.json .*2 entries expected, 0 found.*index 1 expected "seed-a"/,
      ),
    });
  });

  it('TA-07, RG-11: in an update the same mismatch is telemetry with every detail, and the live policy goes on', async () => {
    bench = await policyBench();
    const { host, events } = await bench.open();
    const other = await bench.make({ version: 2, tables: tablesWith(['seed-a']) });
    expect(await host.policies.update(other.source, NOTE)).toMatchObject({ error: { code: 'TABLE_MISMATCH' } });
    expect(active(host)).toBe(bench.first.digest);
    await host.close();
    expect(events).toContainEqual(
      expect.objectContaining({
        description: 'policy_update_rejected',
        attributes: expect.objectContaining({
          reason: 'registry_mismatch',
          message: expect.stringContaining('seed-a'),
        }),
      }),
    );
  });

  it('names that were learnt since the policy was made are no mismatch', async () => {
    bench = await policyBench();
    const first = await bench.open();
    await decideOnce(first.host, 'p-1');
    await first.host.close();
    const again = await bench.open();
    expect(active(again.host)).toBe(bench.first.digest);
  });
});
