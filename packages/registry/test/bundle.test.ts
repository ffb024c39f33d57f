import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type BundleManifest, type BundleSource, loadBundle } from '../src/index.js';
import { bundleFolder, sha256, writeBundle } from '../src/node.js';

const KEY = Buffer.alloc(32, 3);
const sign = (bytes: Uint8Array): Uint8Array => createHmac('sha256', KEY).update(bytes).digest();
const checks = {
  sha256,
  architecture: 'tamiyo_gnn_v1',
  signature: (bytes: Uint8Array, signature: Uint8Array) =>
    signature.length === 32 && timingSafeEqual(sign(bytes), signature),
};
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
  tables: {},
  createdAtMs: 1,
};
const MODEL = new SeededRandom(1).bytes(2_000);

async function written(overrides: Partial<BundleManifest> = {}) {
  const folder = await tempFolder();
  const path = join(folder.path, 'policy');
  const digest = await writeBundle(path, {
    manifest: { ...MANIFEST, ...overrides },
    files: new Map([['policy.onnx', MODEL]]),
    sign,
  });
  return { ...folder, path, digest, load: () => loadBundle(bundleFolder(path), checks) };
}

describe('policy bundle', () => {
  it('loads what was written, from the bytes that were checked', async () => {
    const bundle = await written();
    const loaded = await bundle.load();
    expect(loaded).toMatchObject({ ok: true, value: { digest: bundle.digest, manifest: MANIFEST } });
    expect(loaded.ok && [...(loaded.value.files.get('policy.onnx') ?? [])]).toEqual([...MODEL]);
    await bundle.remove();
  });

  it('every flipped byte of every file is refused', async () => {
    const bundle = await written();
    const files = new Map<string, Uint8Array>();
    for (const name of ['manifest.json', 'manifest.sig', 'policy.onnx']) {
      files.set(name, new Uint8Array(await readFile(join(bundle.path, name))));
    }
    const source: BundleSource = { location: 'memory', read: async (name) => files.get(name) };
    for (const [name, good] of [...files]) {
      const code = name === 'policy.onnx' ? 'BUNDLE_DIGEST_MISMATCH' : 'BUNDLE_SIGNATURE_INVALID';
      for (let at = 0; at < good.length; at += 1) {
        const bad = Uint8Array.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        files.set(name, bad);
        const loaded = await loadBundle(source, checks);
        expect(loaded.ok ? 'accepted' : loaded.error.code, `${name} byte ${at}`).toBe(code);
      }
      files.set(name, good);
    }
    expect((await loadBundle(source, checks)).ok).toBe(true);
    await bundle.remove();
  });

  it('missing, cut and unsigned files, and another architecture, are each refused with their own reason', async () => {
    const reasons: string[] = [];
    for (const spoil of [
      (path: string) => rm(join(path, 'policy.onnx')),
      (path: string) => rm(join(path, 'manifest.json')),
      (path: string) => rm(join(path, 'manifest.sig')),
      (path: string) => writeFile(join(path, 'policy.onnx'), MODEL.slice(0, 10)),
    ]) {
      const bundle = await written();
      await spoil(bundle.path);
      const loaded = await bundle.load();
      reasons.push(loaded.ok ? 'accepted' : loaded.error.code);
      await bundle.remove();
    }
    expect(reasons).toEqual([
      'BUNDLE_FILE_MISSING',
      'BUNDLE_FILE_MISSING',
      'BUNDLE_SIGNATURE_MISSING',
      'BUNDLE_DIGEST_MISMATCH',
    ]);
    const other = await written({ architecture: 'tamiyo_gnn_v9' });
    const loaded = await other.load();
    expect(loaded).toMatchObject({
      ok: false,
      error: { code: 'BUNDLE_ARCHITECTURE_MISMATCH', message: expect.stringContaining('tamiyo_gnn_v9') },
    });
    await other.remove();
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
