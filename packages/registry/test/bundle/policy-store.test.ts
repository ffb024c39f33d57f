import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  downgradeStatement,
  FRESH_STATE,
  foldHistory,
  HISTORY_ACTIONS,
  mayFollow,
  openPolicyStore,
  type PolicyStanding,
  type PolicyStore,
} from '../../src/index.js';
import { policyStoreFolder, readPolicyHistory, sha256 } from '../../src/node.js';
import { bundleInMemory, Crash, MemoryFiles, NOTE, START_MS, sign, storePorts } from './store-bench.js';

async function withActive(files: MemoryFiles, ...versions: number[]): Promise<PolicyStore> {
  const store = await openPolicyStore(storePorts(files));
  for (const version of versions) {
    const { source, digest } = bundleInMemory(version);
    expect((await store.stage(source, NOTE)).ok).toBe(true);
    expect((await store.activate(digest, NOTE)).ok).toBe(true);
  }
  return store;
}
const digestOf = (version: number): string => bundleInMemory(version).digest;

describe('life of a policy', () => {
  it('G-23: staged, shadowed, active, retired; the one before is the last known good', async () => {
    const files = new MemoryFiles();
    const store = await withActive(files, 1);
    const second = bundleInMemory(2);
    await store.stage(second.source, NOTE);
    expect(store.state().active).toBe(digestOf(1));
    await store.shadow(second.digest, NOTE);
    await store.activate(second.digest, NOTE);
    expect(store.state()).toMatchObject({ active: digestOf(2), lastGood: digestOf(1), versionMax: 2 });
    expect([...store.state().standings.values()]).toEqual(['retired', 'active']);
    expect(store.history().map(({ action, who, why }) => `${action} ${who} ${why}`)).toEqual(
      ['staged', 'activated', 'staged', 'shadowed', 'activated'].map((action) => `${action} ada test`),
    );
    const reopened = await openPolicyStore(storePorts(files));
    expect(reopened.state()).toEqual(store.state());
    expect(await reopened.policyToRun()).toMatchObject({ ok: true, value: { from: 'active' } });
  });

  it('every action fits exactly the standings of the table', () => {
    const fits = HISTORY_ACTIONS.map((action) => {
      const standings: PolicyStanding[] = ['unknown', 'staged', 'shadow', 'active', 'retired', 'rejected'];
      const may = standings.filter((standing) => {
        const state = { ...FRESH_STATE, standings: new Map([['d', standing]]), lastGood: 'd' };
        const event = { action, digest: 'd', policyId: 'p', policyVersion: 1, atMs: 1, downgrade: false, ...NOTE };
        return mayFollow(state, event).ok;
      });
      return `${action}: ${may.join()}`;
    });
    expect(fits).toEqual([
      'staged: unknown,retired,rejected',
      'shadowed: staged',
      'activated: staged,shadow',
      'returned: retired',
      'rejected: staged,shadow',
      'retired: active',
    ]);
  });

  it('PU-14: returns to the last known good policy, which is kept on disk with its own verified state', async () => {
    const files = new MemoryFiles();
    const store = await withActive(files, 1, 2);
    expect(await store.returnToLastGood(NOTE)).toMatchObject({ ok: true, value: { digest: digestOf(1) } });
    expect(store.state()).toMatchObject({ active: digestOf(1), lastGood: undefined });
    expect(await store.returnToLastGood(NOTE)).toMatchObject({ error: { code: 'POLICY_NONE' } });
  });

  it('D-34: a version that does not rise is refused, unless a trusted key signed for this very state', async () => {
    const store = await withActive(new MemoryFiles(), 1, 3);
    const older = bundleInMemory(2);
    await store.stage(older.source, NOTE);
    expect(await store.activate(older.digest, NOTE)).toMatchObject({ error: { code: 'POLICY_VERSION_ROLLBACK' } });
    const forged = sign(downgradeStatement(older.digest, sha256(new Uint8Array(1))));
    expect(await store.activate(older.digest, NOTE, forged)).toMatchObject({
      error: { code: 'POLICY_DOWNGRADE_UNSIGNED' },
    });
    const signature = sign(downgradeStatement(older.digest, store.state().headHash));
    expect(await store.activate(older.digest, NOTE, signature)).toMatchObject({ ok: true });
    expect(store.history().at(-1)).toMatchObject({ action: 'activated', downgrade: true });
    expect(store.state().versionMax).toBe(3);
  });

  it('PU-02: what is not signed by a trusted key is never staged; verifying is not an option', async () => {
    const store = await withActive(new MemoryFiles(), 1);
    const { files } = bundleInMemory(2);
    for (const [change, code] of [
      [['manifest.sig', undefined], 'BUNDLE_SIGNATURE_MISSING'],
      [['manifest.sig', new Uint8Array(32)], 'BUNDLE_SIGNATURE_INVALID'],
      [['policy.onnx', new Uint8Array(7)], 'BUNDLE_DIGEST_MISMATCH'],
    ] as const) {
      const source = {
        location: 'x',
        read: async (name: string) => (name === change[0] ? change[1] : files.get(name)),
      };
      expect(await store.stage(source, NOTE)).toMatchObject({ error: { code } });
    }
    expect(store.state().active).toBe(digestOf(1));
    expect(store.history().length).toBe(2);
  });

  it('PU-10: an update of metadata alone is refused like any other bundle without a model', async () => {
    const store = await withActive(new MemoryFiles());
    const bare = bundleInMemory(1, { files: {} });
    expect(await store.stage(bare.source, NOTE)).toMatchObject({ error: { code: 'BUNDLE_MODEL_MISSING' } });
  });

  it('PU-04: a bundle that is too old, or from the future, is refused when it is staged', async () => {
    const clock = new FakeClock(START_MS);
    const store = await openPolicyStore(storePorts(new MemoryFiles(), clock), { ageMsMax: 1000, aheadMsMax: 50 });
    const future = bundleInMemory(1, { createdAtMs: START_MS + 51 });
    expect(await store.stage(future.source, NOTE)).toMatchObject({ error: { code: 'POLICY_FROM_FUTURE' } });
    clock.advance(1001);
    expect(await store.stage(bundleInMemory(1).source, NOTE)).toMatchObject({ error: { code: 'POLICY_STALE' } });
    expect(await store.stage(future.source, NOTE)).toMatchObject({ ok: true });
  });
});

describe('at the start', () => {
  it('runs the last known good policy when the active one is damaged, and says why', async () => {
    const files = new MemoryFiles();
    await withActive(files, 1, 2);
    const damaged = new Map(files.bundles.get(digestOf(2)));
    damaged.set('policy.onnx', new Uint8Array(3));
    files.bundles.set(digestOf(2), damaged);
    const store = await openPolicyStore(storePorts(files));
    expect(await store.policyToRun()).toMatchObject({
      ok: true,
      value: { from: 'last-good', bundle: { digest: digestOf(1) }, refused: { code: 'BUNDLE_FILE_TRUNCATED' } },
    });
    files.bundles.clear();
    expect(await store.policyToRun()).toMatchObject({ error: { code: 'POLICY_NONE' } });
    expect(await (await withActive(new MemoryFiles())).policyToRun()).toMatchObject({
      error: { message: 'memory has no policy that can run: none has been activated' },
    });
  });

  it('PU-06: killed before, in or after any write of an update, the old or the new policy is active and verified', async () => {
    for (let at = 1; at <= 4; at += 1) {
      for (const how of ['before', 'middle', 'after'] as const) {
        const files = new MemoryFiles();
        const store = await withActive(files, 1);
        files.writes = 0;
        files.crash = { at, how };
        const { source, digest } = bundleInMemory(2);
        const update = store.stage(source, NOTE).then(() => store.activate(digest, NOTE));
        const ended = await update.then(
          () => 'done',
          (cause: Error) => (cause.cause instanceof Crash || cause instanceof Crash ? 'died' : 'wrong'),
        );
        expect(ended).toBe(at <= 3 ? 'died' : 'done');
        files.crash = undefined;
        const after = await openPolicyStore(storePorts(files));
        const expected = at > 3 || (at === 3 && how === 'after') ? 2 : 1;
        expect(after.state().active, `${at} ${how}`).toBe(digestOf(expected));
        expect(await after.policyToRun()).toMatchObject({ ok: true, value: { from: 'active' } });
        expect(after.recovery.tornBytes > 0).toBe(how === 'middle' && (at === 2 || at === 3));
        expect(foldHistory(after.history(), sha256).ok).toBe(true);
      }
    }
  });

  it('after a write has failed the store takes no more until it is opened again', async () => {
    const files = new MemoryFiles();
    const store = await withActive(files, 1);
    files.writes = 0;
    files.crash = { at: 2, how: 'middle' };
    await expect(store.stage(bundleInMemory(2).source, NOTE)).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    files.crash = undefined;
    await expect(store.stage(bundleInMemory(3).source, NOTE)).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
    expect(store.state().sequence).toBe(2);
  });

  it('a history with any byte changed, a line removed, doubled or swapped, is refused', async () => {
    const files = new MemoryFiles();
    await withActive(files, 1, 2);
    const good = files.history;
    const open = (history: Uint8Array) => openPolicyStore(storePorts(Object.assign(new MemoryFiles(), { history })));
    const refused = { code: 'HISTORY_BROKEN' };
    for (let at = 0; at < good.length - 1; at += 1) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 7));
      await expect(open(bad), `byte ${at}`).rejects.toMatchObject(refused);
    }
    const lines = new TextDecoder().decode(good).split('\n').filter(Boolean);
    const [a = '', b = '', c = '', d = ''] = lines;
    for (const wrong of [
      [b, c, d],
      [a, c, d],
      [a, a, b, c, d],
      [a, c, b, d],
    ]) {
      await expect(open(new TextEncoder().encode(`${wrong.join('\n')}\n`))).rejects.toMatchObject(refused);
    }
  });
});

describe('the folder of a store', () => {
  it('is bounded: bundles that nothing can ask for any more are removed when the next one is staged', async () => {
    const folder = await tempFolder();
    const files = await policyStoreFolder(folder.path);
    const store = await openPolicyStore(storePorts(files));
    for (let version = 1; version <= 6; version += 1) {
      const { source, digest } = bundleInMemory(version);
      await store.stage(source, NOTE);
      if (version === 4) await store.reject(digest, NOTE);
      else await store.activate(digest, NOTE);
    }
    await store.stage(bundleInMemory(7).source, NOTE);
    const kept = await readdir(join(folder.path, 'bundles'));
    expect(kept.sort()).toEqual([5, 6, 7].map(digestOf).sort());
    expect(await store.returnToLastGood(NOTE)).toMatchObject({ ok: true, value: { digest: digestOf(5) } });
    expect(store.history().length).toBe(14);
    expect((await readPolicyHistory(folder.path)).state).toEqual(store.state());
    await files.release();
    await folder.remove();
  });

  it('keeps bundles byte for byte, cuts off a torn line, and has one holder', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'policies');
    const files = await policyStoreFolder(path);
    await expect(policyStoreFolder(path)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    const store = await openPolicyStore(storePorts(files));
    const { source, digest, files: bytes } = bundleInMemory(1);
    await store.stage(source, NOTE);
    await store.activate(digest, NOTE);
    for (const [name, expected] of bytes) {
      expect(new Uint8Array(await readFile(join(path, 'bundles', digest, name)))).toEqual(expected);
    }
    await files.release();
    await appendFile(join(path, 'history.jsonl'), '{"sequence":3,"prev');
    const again = await policyStoreFolder(path);
    const reopened = await openPolicyStore(storePorts(again));
    expect(reopened.recovery.tornBytes).toBe(19);
    expect(await reopened.policyToRun()).toMatchObject({ ok: true, value: { bundle: { digest } } });
    await writeFile(join(path, 'bundles', digest, 'policy.onnx'), 'other');
    expect(await reopened.policyToRun()).toMatchObject({ error: { code: 'POLICY_NONE' } });
    await again.release();
    await folder.remove();
  });
});
