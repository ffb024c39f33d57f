import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyNoun } from '../../src/cli/policy.js';
import type { Host } from '../../src/compose.js';
import { interfaceOf, OPERATOR_TOKEN, TRAINER_TOKEN } from '../support/http-fixture.js';
import { decideOnce, flipByte, policyBench } from '../support/policy-bench.js';
import { runNoun } from '../support/run-noun.js';

const NOTE = ['--who', 'ada', '--why', 'run 41'];
let bench: Awaited<ReturnType<typeof policyBench>>;
let host: Host;
let events: Awaited<ReturnType<typeof bench.open>>['events'];
let http: Awaited<ReturnType<typeof interfaceOf<Host>>>;
let access: readonly string[];

/** One host that runs all the time; each step on what the one before has left. */
beforeAll(async () => {
  bench = await policyBench();
  ({ host, events } = await bench.open());
  http = await interfaceOf(host);
  const token = join(bench.dataDir, 'operator-token');
  await writeFile(token, OPERATOR_TOKEN);
  access = ['--url', http.address, '--token-file', token];
}, 120_000);
afterAll(async () => {
  await http.server.close();
  await bench.remove();
});

const tamiyo = (...args: readonly string[]) =>
  runNoun(policyNoun, ['policy', ...args], {
    TAMIYO_DATA_DIR: bench.dataDir,
    ESPER_LEYLINE_SECRET: 'a secret of at least thirty-two bytes, for tests',
  });
const json = async (...args: readonly string[]) => {
  const { code, stdout } = await tamiyo(...args, ...NOTE, ...access, '--json');
  return { code, last: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown> };
};
const inForce = (): string => host.policies.current()?.active.digest ?? 'none';

describe('tamiyo policy, on a running host', () => {
  it('without --url the store is held, and the next step says how to ask the host that holds it', async () => {
    for (const verb of ['stage', 'promote', 'rollback']) {
      const refused = await tamiyo(verb, ...NOTE);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(refused.stderr).toMatch(/STORE_LOCKED[\s\S]*next: .*--url URL --token-file FILE/);
    }
  }, 120_000);

  it('PU-11: stages, promotes by digest, and the next packet is decided by the new policy; the history says who and why, telemetry that it was', async () => {
    const second = await bench.make({ version: 2 });
    const staged = await json('stage', '--bundle', second.path);
    expect(staged).toMatchObject({ code: 0, last: { kind: 'stage', digest: second.digest, standing: 'staged' } });
    expect(inForce()).toBe(bench.first.digest);
    const promoted = await json('promote', second.digest.slice(0, 10));
    expect(promoted).toMatchObject({
      code: 0,
      last: { policyVersion: 2, standing: 'active', proof: { goldenCases: 2, shadow: null } },
    });
    expect(inForce()).toBe(second.digest);
    const decided = await decideOnce(host, 'p-1');
    const view = decided.ok ? await host.decision(decided.value.decisionId) : undefined;
    expect(view?.record.digests.policy).toBe(second.digest);
    const entries = host.policies.store.history().filter(({ digest }) => digest === second.digest);
    await expect
      .poll(() => events.map(({ description }) => description), { timeout: 20_000 })
      .toContain('policy_update_applied');
    expect(entries.map(({ action, who, why }) => [action, who, why])).toEqual([
      ['staged', 'ada (operator-alice)', 'run 41'],
      ['activated', 'ada (operator-alice)', 'run 41'],
    ]);
  }, 120_000);

  it('promotes a bundle\u2019s folder for people, and rolls back to the last known good', async () => {
    const third = await bench.make({ version: 3 });
    const before = inForce();
    const promoted = await tamiyo('promote', '--bundle', third.path, ...NOTE, ...access);
    expect(promoted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^in force: .*version 3\ndigest /) });
    expect(inForce()).toBe(third.digest);
    expect(await json('rollback')).toMatchObject({ code: 0, last: { kind: 'roll_back', standing: 'active' } });
    expect(inForce()).toBe(before);
  }, 120_000);

  it('PU-06: what is refused leaves the live policy alone, with the registry\u2019s code, exit code and next step', async () => {
    const before = inForce();
    const damaged = await bench.make({ version: 9 });
    await flipByte(join(damaged.path, 'policy.onnx'));
    const refused = await tamiyo('promote', '--bundle', damaged.path, ...NOTE, ...access);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(/BUNDLE_DIGEST_MISMATCH[\s\S]*next: /);
    expect(await json('promote', 'ffff')).toMatchObject({ code: 4, last: { error: { code: 'POLICY_STATE_INVALID' } } });
    expect(inForce()).toBe(before);
  }, 120_000);

  it('a token of another role, no host, and a downgrade are told apart', async () => {
    const trainer = join(bench.dataDir, 'trainer-token');
    await writeFile(trainer, TRAINER_TOKEN);
    const asTrainer = await tamiyo('rollback', ...NOTE, '--url', http.address, '--token-file', trainer);
    expect(asTrainer).toMatchObject({ code: 1, stderr: expect.stringContaining('ROLE_MISSING') });
    const nobody = await tamiyo('rollback', ...NOTE, '--url', 'http://127.0.0.1:1', '--token-file', trainer);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('HOST_UNREACHABLE') });
    const older = await tamiyo('promote', '--downgrade', ...NOTE, ...access);
    expect(older).toMatchObject({ code: 1, stderr: expect.stringContaining('signs no downgrade') });
  }, 120_000);
});
