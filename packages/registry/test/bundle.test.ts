import { execFileSync } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  type BundleManifest,
  type BundleSource,
  describeTables,
  loadBundle,
  type NameTables,
  nameTable,
  REGISTRY_ERRORS,
  TABLE_NAMES,
  tablesFileBytes,
} from '../src/index.js';
import { bundleFolder, sha256, writeBundle } from '../src/node.js';

const KEY = Buffer.alloc(32, 3);
const sign = (bytes: Uint8Array): Uint8Array => createHmac('sha256', KEY).update(bytes).digest();
const checks = {
  sha256,
  architecture: 'tamiyo_gnn_v1',
  contract: 'tamiyo-compiled-1',
  signature: (bytes: Uint8Array, signature: Uint8Array) =>
    signature.length === 32 && timingSafeEqual(sign(bytes), signature),
};
const TABLES = Object.fromEntries(TABLE_NAMES.map((name) => [name, nameTable(64, [name])])) as NameTables;
const MANIFEST: Omit<BundleManifest, 'files'> = {
  format: 1,
  policyId: 'p-1',
  policyVersion: 1,
  architecture: 'tamiyo_gnn_v1',
  contract: 'tamiyo-compiled-1',
  dims: { a: 1 },
  actionChoice: 'argmax',
  actions: ['germinate'],
  origin: { kind: 'trained', source: 'test' },
  ...describeTables(TABLES, sha256),
  createdAtMs: 1,
};
const MODEL = new SeededRandom(1).bytes(6_000);
const GOLDEN = new SeededRandom(2).bytes(2_000);

async function written(overrides: Partial<BundleManifest> = {}, model = MODEL) {
  const folder = await tempFolder();
  const path = join(folder.path, 'policy');
  const digest = await writeBundle(path, {
    manifest: { ...MANIFEST, ...overrides },
    files: new Map([
      ['policy.onnx', model],
      ['golden.json', GOLDEN],
      ['tables.json', tablesFileBytes(TABLES)],
    ]),
    sign,
  });
  return { ...folder, path, digest, load: () => loadBundle(bundleFolder(path), checks) };
}

async function filesOf(path: string): Promise<Map<string, Uint8Array>> {
  const names = ['manifest.json', 'manifest.sig', 'policy.onnx', 'golden.json', 'tables.json'];
  const read = async (name: string) => [name, new Uint8Array(await readFile(join(path, name)))] as const;
  return new Map(await Promise.all(names.map(read)));
}

const codeOf = (loaded: Awaited<ReturnType<typeof loadBundle>>): string => (loaded.ok ? 'accepted' : loaded.error.code);

describe('policy bundle', () => {
  it('loads what was written, from the bytes that were checked', async () => {
    const bundle = await written();
    const loaded = await bundle.load();
    expect(loaded).toMatchObject({ ok: true, value: { digest: bundle.digest, manifest: MANIFEST } });
    expect(loaded.ok && [...(loaded.value.files.get('policy.onnx') ?? [])]).toEqual([...MODEL]);
    await bundle.remove();
  });

  it('RG-08: a manifest carries the digests of all seven tables, and their sizes', async () => {
    const bundle = await written();
    const loaded = await bundle.load();
    const { tables = {}, tableEntryCounts = {} } = loaded.ok ? loaded.value.manifest : {};
    expect(Object.keys(tables).sort()).toEqual([...TABLE_NAMES].sort());
    expect(Object.values(tableEntryCounts)).toEqual(Array(7).fill(1));
    await bundle.remove();
  });

  it('PU-13: one flipped bit in any byte of any of its files is refused', async () => {
    const bundle = await written();
    const files = await filesOf(bundle.path);
    const source: BundleSource = { location: 'memory', read: async (name) => files.get(name) };
    const seen = new Map<string, number>();
    for (const [name, good] of [...files]) {
      for (let at = 0; at < good.length; at += 1) {
        const bad = Uint8Array.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        files.set(name, bad);
        const key = `${name} ${codeOf(await loadBundle(source, checks))}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      files.set(name, good);
    }
    const code = (name: string) =>
      name.startsWith('manifest') ? 'BUNDLE_SIGNATURE_INVALID' : 'BUNDLE_DIGEST_MISMATCH';
    expect(Object.fromEntries(seen)).toEqual(
      Object.fromEntries([...files].map(([name, bytes]) => [`${name} ${code(name)}`, bytes.length])),
    );
    expect((await loadBundle(source, checks)).ok).toBe(true);
    await bundle.remove();
  });

  it('a file cut off at any length is refused, the model and the golden decisions as what they are: cut off', async () => {
    const bundle = await written();
    const files = await filesOf(bundle.path);
    const source: BundleSource = { location: 'memory', read: async (name) => files.get(name) };
    for (const [name, good] of [...files]) {
      const expected = name.startsWith('manifest') ? 'BUNDLE_SIGNATURE_INVALID' : 'BUNDLE_FILE_TRUNCATED';
      for (let length = 0; length < good.length; length += 1) {
        files.set(name, good.subarray(0, length));
        expect(codeOf(await loadBundle(source, checks)), `${name} cut to ${length}`).toBe(expected);
      }
      files.set(name, good);
    }
    await bundle.remove();
  });
});

describe('what is wrong with a bundle has its own reason', () => {
  const swapWith = async (path: string, names: readonly string[]) => {
    const other = await written({ policyVersion: 2 }, new SeededRandom(9).bytes(6_000));
    for (const name of names) await writeFile(join(path, name), await readFile(join(other.path, name)));
    await other.remove();
  };
  const cases: readonly (readonly [string, (path: string) => Promise<unknown>, string, RegExp])[] = [
    [
      'a missing model',
      (path) => rm(join(path, 'policy.onnx')),
      'BUNDLE_FILE_MISSING',
      /there is no policy\.onnx; there are: golden/,
    ],
    ['a missing manifest', (path) => rm(join(path, 'manifest.json')), 'BUNDLE_FILE_MISSING', /no manifest\.json/],
    ['a missing signature', (path) => rm(join(path, 'manifest.sig')), 'BUNDLE_SIGNATURE_MISSING', /no manifest\.sig/],
    [
      'a renamed model',
      (path) => rename(join(path, 'policy.onnx'), join(path, 'policy-new.onnx')),
      'BUNDLE_FILE_MISSING',
      /there is no policy\.onnx; there are: .*policy-new\.onnx/,
    ],
    [
      'two files that changed their names',
      async (path) => {
        await rename(join(path, 'policy.onnx'), join(path, 'x'));
        await writeFile(join(path, 'policy.onnx'), MODEL.slice(0, 2_000));
        await writeFile(join(path, 'golden.json'), MODEL);
      },
      'BUNDLE_FILE_TRUNCATED',
      /policy\.onnx has 2000 bytes/,
    ],
    [
      'a file under the name of another',
      (path) => writeFile(join(path, 'golden.json'), MODEL),
      'BUNDLE_DIGEST_MISMATCH',
      /it is what the manifest calls policy\.onnx/,
    ],
    [
      'a longer model',
      (path) => writeFile(join(path, 'policy.onnx'), Buffer.concat([MODEL, MODEL])),
      'BUNDLE_DIGEST_MISMATCH',
      /12000 bytes/,
    ],
    [
      'a manifest of another bundle',
      (path) => swapWith(path, ['manifest.json']),
      'BUNDLE_SIGNATURE_INVALID',
      /does not fit/,
    ],
    [
      'manifest and signature of another bundle',
      async (path) => {
        await swapWith(path, ['manifest.json', 'manifest.sig']);
        await writeFile(join(path, 'golden.json'), 'of this one, as long as the other: '.padEnd(2_000, '.'));
        await writeFile(
          join(path, 'tables.json'),
          (await readFile(join(path, 'tables.json'))).map((byte) => byte ^ 1),
        );
      },
      'BUNDLE_MANIFEST_SWAPPED',
      /policy\.onnx has 6000 bytes/,
    ],
  ];
  it.each(cases)('%s', async (_what, spoil, code, message) => {
    const bundle = await written();
    await spoil(bundle.path);
    const loaded = await bundle.load();
    expect(codeOf(loaded)).toBe(code);
    expect(loaded.ok ? '' : loaded.error.message).toMatch(message);
    expect(loaded.ok ? '' : REGISTRY_ERRORS[loaded.error.code].next).toMatch(/\w+/);
    await bundle.remove();
  });

  it.each([
    ['architecture', 'tamiyo_gnn_v9', 'BUNDLE_ARCHITECTURE_MISMATCH'],
    ['contract', 'tamiyo-compiled-9', 'BUNDLE_CONTRACT_MISMATCH'],
  ])('PU-03: another %s is refused by name', async (field, value, code) => {
    const bundle = await written({ [field]: value });
    const loaded = await bundle.load();
    expect(loaded).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(value) } });
    await bundle.remove();
  });

  it('what is there and cannot be read is refused with its path and the reason: a folder for a file, a file for the folder', async () => {
    const bundle = await written();
    const model = join(bundle.path, 'policy.onnx');
    const named = await loadBundle(bundleFolder(model), checks);
    expect(named).toMatchObject({ ok: false, error: { code: 'BUNDLE_UNREADABLE' } });
    expect(named.ok ? '' : named.error.message).toContain(`${model} is a file, and a bundle is a folder`);
    for (const file of ['policy.onnx', 'manifest.sig', 'manifest.json']) {
      await rm(join(bundle.path, file));
      await mkdir(join(bundle.path, file));
      const loaded = await bundle.load();
      expect(loaded).toMatchObject({ ok: false, error: { code: 'BUNDLE_UNREADABLE' } });
      expect(loaded.ok ? '' : loaded.error.message).toContain(
        `${join(bundle.path, file)} cannot be read: it is no regular file`,
      );
    }
    await bundle.remove();
  });

  it('a pipe in the place of a file is refused, and keeps nobody waiting', async () => {
    const bundle = await written();
    await rm(join(bundle.path, 'golden.json'));
    execFileSync('mkfifo', [join(bundle.path, 'golden.json')]);
    expect(codeOf(await bundle.load())).toBe('BUNDLE_UNREADABLE');
    await bundle.remove();
  });

  it('writing again keeps the bundle before', async () => {
    const bundle = await written();
    const second = await writeBundle(bundle.path, {
      manifest: { ...MANIFEST, policyVersion: 2 },
      files: new Map([['policy.onnx', MODEL]]),
      sign,
    });
    expect(await bundle.load()).toMatchObject({ ok: true, value: { digest: second } });
    expect(await loadBundle(bundleFolder(`${bundle.path}.previous`), checks)).toMatchObject({
      ok: true,
      value: { digest: bundle.digest },
    });
    await bundle.remove();
  });
});
