import { join } from 'node:path';
import { createBytesSigner } from '@esper/command-verifier';
import { type BundleSource, loadBundle } from '@esper/registry';
import { bundleFolder, readNameTables } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { expect, it } from 'vitest';
import { bundleChecks, initPolicyBundle } from '../../src/adapters/policy-bundle.js';
import { testKeyRing } from '../support/engine-fixture.js';

/** How many samples; `TAMIYO_SAMPLES=10000` for the recorded run. */
const SAMPLES = Number(process.env['TAMIYO_SAMPLES'] ?? 300);

it('PU-13: a bit flipped anywhere in the default bundle, or in its signature, is refused', async () => {
  const folder = await tempFolder();
  const path = join(folder.path, 'policy');
  const signer = createBytesSigner({ keyRing: testKeyRing(), clock: systemClock });
  const tables = await readNameTables(join(folder.path, 'tables'));
  await initPolicyBundle({ folder: path, seed: 1, actionPrior: { pause: 1 }, tables, signer, clock: systemClock });
  const stored = bundleFolder(path);
  const names = (await stored.names?.()) ?? [];
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, new Uint8Array((await stored.read(name, 2 ** 30)) ?? []));
  const source: BundleSource = { location: 'sampled', read: async (name) => files.get(name) };
  const checks = bundleChecks(signer);
  expect((await loadBundle(source, checks)).ok).toBe(true);

  const random = new SeededRandom(7);
  const accepted: string[] = [];
  // Every byte of the signature; of the rest, samples, so that small files are not forgotten.
  const places = [...(files.get('manifest.sig') ?? [])].map((_, at) => ({ name: 'manifest.sig', at }));
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const name = names[sample % names.length] ?? '';
    places.push({ name, at: random.int(0, (files.get(name)?.length ?? 1) - 1) });
  }
  for (const { name, at } of places) {
    const bytes = files.get(name) ?? new Uint8Array();
    const bit = 1 << random.int(0, 7);
    bytes[at] = (bytes[at] ?? 0) ^ bit;
    if ((await loadBundle(source, checks)).ok) accepted.push(`${name} byte ${at} bit ${bit}`);
    bytes[at] = (bytes[at] ?? 0) ^ bit;
  }
  expect(accepted).toEqual([]);
  expect((await loadBundle(source, checks)).ok).toBe(true);
  await folder.remove();
}, 3_600_000);
