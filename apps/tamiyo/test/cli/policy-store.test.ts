import { generateKeyPairSync, sign } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { policyStoreFolder, sha256 } from '@esper/registry/node';
import { tempFolder } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyNoun } from '../../src/cli/policy.js';
import { registryNoun } from '../../src/cli/registry.js';
import { runNoun } from '../support/run-noun.js';

const ENVIRONMENT = {
  ESPER_LEYLINE_SECRET: 'a secret of at least thirty-two bytes, for tests',
  TAMIYO_WORKER_FALLBACK: 'thread',
  TAMIYO_POLICY_LATENCY_MAX_MS: '5000',
};
let folder: Awaited<ReturnType<typeof tempFolder>>;
let at: (name: string) => string;
const run = (...args: string[]) =>
  runNoun(args[0] === 'registry' ? registryNoun : policyNoun, args, { ...ENVIRONMENT, TAMIYO_DATA_DIR: folder.path });
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, '--json');
  // One object a line and nothing else: this is what scripts read.
  const objects = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, objects, last: objects.at(-1) ?? {}, stderr };
};

/** One story, each step on what the one before has left. */
beforeAll(async () => {
  folder = await tempFolder();
  await mkdir(join(folder.path, 'tables'));
  at = (name) => join(folder.path, name);
});
afterAll(() => folder.remove());

describe('tamiyo policy, from the first bundle to a way back', () => {
  it('init makes bundles whose versions rise; stage and promote put them in force, with who and why', async () => {
    expect((await json('policy', 'init', '--seed', '1')).last).toMatchObject({ policyVersion: 1 });
    const staged = await json('policy', 'stage', '--who', 'ada', '--why', 'first');
    expect(staged).toMatchObject({ code: 0, last: { policyVersion: 1, standing: 'staged' } });
    const digest = String(staged.last['digest']);
    const promoted = await json('policy', 'promote', digest.slice(0, 10), '--who', 'ada', '--why', 'first');
    expect(promoted).toMatchObject({ code: 0, last: { digest, standing: 'active', goldenCases: 2 } });
    const second = await json('policy', 'init', '--seed', '2', '--out', at('second'));
    expect(second.last).toMatchObject({ policyVersion: 2 });
    const next = await json('policy', 'promote', '--bundle', at('second'), '--who', 'bob', '--why', 'better');
    expect(next).toMatchObject({ code: 0, last: { policyVersion: 2 } });
    const history = await json('policy', 'history');
    expect(history.last).toMatchObject({ chain: 'whole', lastGood: digest, versionMax: 2 });
    expect(
      (history.last['entries'] as { action: string; who: string }[]).map(({ action, who }) => `${action} ${who}`),
    ).toEqual(['staged ada', 'activated ada', 'staged bob', 'activated bob']);
  }, 240_000);

  it('an older version is refused with exit code 4, and comes back when its return is signed', async () => {
    const refused = await run('policy', 'promote', '--bundle', at('policy'), '--who', 'ada', '--why', 'old');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(/POLICY_VERSION_ROLLBACK.*version 2 was already in force[\s\S]*next: /);
    const signed = await json(
      'policy',
      'promote',
      '--bundle',
      at('policy'),
      '--who',
      'ada',
      '--why',
      'old',
      '--downgrade',
    );
    expect(signed).toMatchObject({ code: 0, last: { policyVersion: 1 } });
    const back = await json('policy', 'rollback', '--who', 'ada', '--why', 'a mistake');
    expect(back).toMatchObject({ code: 0, last: { policyVersion: 2, returned: true } });
  }, 240_000);

  it('without a reason, or while a host holds the store, nothing is changed; history can still be read', async () => {
    expect(await run('policy', 'rollback', '--who', 'ada')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--why'),
    });
    const held = await policyStoreFolder(at('policies'));
    const refused = await run('policy', 'rollback', '--who', 'ada', '--why', 'x');
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('STORE_LOCKED') });
    expect((await run('policy', 'history', '--last', '1')).stdout).toContain('ada: a mistake');
    await held.release();
  }, 120_000);

  it('verify checks bytes, tables and an OpenSSF model signature, and refuses each with its own exit code', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await writeFile(at('maker.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(at('model.sig'), await omsBundle(at('second'), privateKey));
    const oms = ['--oms', at('model.sig'), '--oms-key', at('maker.pem')];
    expect(await json('policy', 'verify', '--bundle', at('second'), ...oms)).toMatchObject({
      code: 0,
      last: { verified: true, tables: 7, omsFiles: 5 },
    });
    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey;
    await writeFile(at('stranger.pem'), stranger.export({ type: 'spki', format: 'pem' }));
    const wrongKey = await json(
      'policy',
      'verify',
      '--bundle',
      at('second'),
      '--oms',
      at('model.sig'),
      '--oms-key',
      at('stranger.pem'),
    );
    expect(wrongKey).toMatchObject({ code: 4, last: { error: { code: 'OMS_SIGNATURE_INVALID' } } });
    expect(await json('policy', 'verify', '--oms', at('model.sig'))).toMatchObject({
      code: 1,
      last: { error: { code: 'OPTION_INVALID' } },
    });
  }, 240_000);

  it('a history that was tampered with is exit code 5', async () => {
    const path = at('policies/history.jsonl');
    const good = await readFile(path);
    await writeFile(path, good.toString().replace('ada', 'eve'));
    expect(await run('policy', 'history')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('HISTORY_BROKEN'),
    });
    await writeFile(path, good);
    await appendFile(path, '{"torn');
    expect((await json('policy', 'history')).last).toMatchObject({ chain: 'whole', tornBytes: 6 });
  }, 120_000);
});

describe('tamiyo registry', () => {
  it('RG-14: show, verify and diff say what the tables hold and where they differ from the policy', async () => {
    expect((await json('registry', 'show')).last).toMatchObject({
      tables: expect.arrayContaining([
        expect.objectContaining({ table: 'optimizer_family', entries: 5, state: 'absent' }),
      ]),
    });
    expect((await run('registry', 'show', '--table', 'schedule')).stdout).toBe(
      '    1 linear\n    2 cosine\n    3 warmup_hold\n',
    );
    expect(await run('registry', 'verify')).toMatchObject({ code: 0 });
    expect(await run('registry', 'diff')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('schedule: the same'),
    });
    expect(await run('registry', 'show', '--table', 'sead')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hazard_class'),
    });
  }, 240_000);

  it('CLI-04, RG-10: a foreign table is shown entry by entry and repaired on order, with what was there kept aside', async () => {
    const table = at('tables/schedule_registry.json');
    await writeFile(table, '{"linear": 1, "cosine": 2, "warmup_hold": 3, "exponential": 4}');
    expect(await run('registry', 'verify')).toMatchObject({ code: 0 });
    const foreign = await json('policy', 'init', '--seed', '3', '--out', at('third'));
    expect(foreign.code).toBe(0);
    await writeFile(table, '{"linear": 1, "cosine": 2, "warmup_hold": 3, "step": 4}');
    const verified = await run('registry', 'verify', '--bundle', at('third'));
    expect(verified.code).toBe(4);
    expect(verified.stdout).toMatch(
      /schedule +TABLE_MISMATCH\n.*digest [0-9a-f]{64} expected, [0-9a-f]{64} found; 4 entries expected, 4 found.*index 4 expected "exponential", found "step"/,
    );
    expect(await run('registry', 'diff', '--bundle', at('third'))).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('4  policy "exponential"  here "step"'),
    });
    const dry = await json('registry', 'repair', '--bundle', at('third'));
    expect(dry.last).toMatchObject({ wouldRepair: ['schedule'], written: false });
    const done = await json('registry', 'repair', '--bundle', at('third'), '--write');
    expect(done.last).toMatchObject({ repaired: ['schedule'], written: true });
    const [kept = ''] = done.last['kept'] as string[];
    expect(await readFile(kept, 'utf8')).toContain('step');
    expect(await run('registry', 'verify', '--bundle', at('third'))).toMatchObject({ code: 0 });
  }, 300_000);

  it('TA-08: a policy made with other tables is not promoted; table, digests, path, entries and what to do are said', async () => {
    const table = at('tables/schedule_registry.json');
    const good = await readFile(table);
    await writeFile(table, '{"linear": 1, "cosine": 2, "warmup_hold": 3, "step": 4}');
    const refused = await run('policy', 'promote', '--bundle', at('third'), '--who', 'ada', '--why', 'x');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(
      /TABLE_MISMATCH.*schedule.*[0-9a-f]{64} expected, [0-9a-f]{64} found; 4 entries expected, 4 found.*index 4 expected "exponential", found "step"/,
    );
    expect(refused.stderr).toContain(table);
    expect(refused.stderr).toMatch(/next: .*tamiyo registry/);
    expect((await json('policy', 'history')).last).toMatchObject({ chain: 'whole', versionMax: 2 });
    await writeFile(table, good);
  }, 240_000);

  it('a damaged table is exit code 5, and named', async () => {
    await writeFile(at('tables/seed_registry.json'), '{"a": 2}');
    expect((await json('registry', 'show')).code).toBe(5);
    expect(await run('registry', 'verify')).toMatchObject({
      code: 5,
      stdout: expect.stringContaining('TABLE_CORRUPT'),
    });
  }, 120_000);
});

/** What the reference tool writes for the files of a folder. */
async function omsBundle(path: string, key: Parameters<typeof sign>[2]): Promise<string> {
  const names = ['golden.json', 'manifest.json', 'manifest.sig', 'policy.onnx', 'tables.json'];
  const resources = await Promise.all(
    names.map(async (name) => ({ name, algorithm: 'sha256', digest: sha256(await readFile(join(path, name))) })),
  );
  const whole = sha256(Buffer.from(resources.map(({ digest }) => digest).join(''), 'hex'));
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'model', digest: { sha256: whole } }],
      predicateType: 'https://model_signing/signature/v1.0',
      predicate: { serialization: { method: 'files', hash_type: 'sha256' }, resources },
    }),
  );
  const type = 'application/vnd.in-toto+json';
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'maker' }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: type,
      signatures: [{ sig: sign('sha256', message, key).toString('base64') }],
    },
  });
}
