import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkpointFolder } from '../../src/adapters/checkpoint-folder.js';
import { sha256 } from '../support/small-run.js';

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder.remove());

const checkpoint = (step: number) => {
  const bytes = Uint8Array.of(step, 2, 3);
  return { step, bytes, digest: sha256(bytes) };
};

it('gives back the newest of what was written, and keeps three', async () => {
  const store = checkpointFolder(join(folder.path, 'not', 'there', 'yet'));
  expect(await store.latest()).toBeUndefined();
  for (const step of [5, 10, 15, 20, 1000]) await store.write(checkpoint(step));
  expect(await store.latest()).toEqual(checkpoint(1000));
  expect(await readdir(join(folder.path, 'not', 'there', 'yet'))).toHaveLength(3);
});

it('ignores what it did not finish and what is not its own', async () => {
  const store = checkpointFolder(folder.path);
  await store.write(checkpoint(7));
  await writeFile(join(folder.path, `checkpoint-000000000009-${'a'.repeat(64)}.bin.tmp`), 'half');
  await writeFile(join(folder.path, 'zzz.bin'), 'other');
  expect((await store.latest())?.step).toBe(7);
});

it('does not vouch for bytes that changed: the digest is the one from the time of writing', async () => {
  const store = checkpointFolder(folder.path);
  await store.write(checkpoint(7));
  const [file = ''] = await readdir(folder.path);
  await writeFile(join(folder.path, file), Uint8Array.of(9, 9, 9));
  const stored = await store.latest();
  expect(stored?.digest).not.toBe(sha256(stored?.bytes as Uint8Array));
});
