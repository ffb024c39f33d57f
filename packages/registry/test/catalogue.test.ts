import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBlueprint, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openFileCatalogue, sha256, writeCatalogue } from '../src/node.js';

const sheet = { riskScore: 0.1, hazardBand: 'LOW', signature: 'absent' } as const;
const blueprints = [
  buildBlueprint({ blueprintId: 'a', sheet }),
  buildBlueprint({ blueprintId: 'b', quarantineOnly: true }),
  ...Array.from({ length: 9 }, (_, index) => buildBlueprint({ blueprintId: `c${index}` })),
];

describe('file catalogue', () => {
  it('BM-08: gives back what was written, adjacency and monitors included, eight candidates, none quarantined', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'catalogue.json');
    await writeCatalogue(path, blueprints);
    const catalogue = await openFileCatalogue(path);
    expect(await catalogue.lookup('a')).toEqual(blueprints[0]);
    expect(await catalogue.lookup('zzz')).toBeUndefined();
    expect((await catalogue.candidates()).map((blueprint) => blueprint.blueprintId)).toEqual([
      'a',
      'c0',
      'c1',
      'c2',
      'c3',
      'c4',
      'c5',
      'c6',
    ]);
    expect(catalogue.knownIds().size).toBe(11);
    await folder.remove();
  });

  it('BM-11: a missing, altered, doubled or malformed catalogue is a typed error that names the entry', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'catalogue.json');
    await expect(openFileCatalogue(path)).rejects.toMatchObject({ code: 'CATALOGUE_MISSING' });
    await writeCatalogue(path, blueprints);
    const good = await readFile(path, 'utf8');
    await writeFile(path, good.replace('residual block', 'residual blocc'));
    await expect(openFileCatalogue(path)).rejects.toMatchObject({
      code: 'CATALOGUE_DIGEST_MISMATCH',
      message: expect.stringContaining('entry 0'),
    });
    await writeFile(path, '{"format":1,"format":1,"blueprints":[]}');
    await expect(openFileCatalogue(path)).rejects.toMatchObject({
      code: 'CATALOGUE_INVALID',
      message: expect.stringContaining('twice'),
    });
    await writeCatalogue(path, [buildBlueprint({ blueprintId: 'a' }), buildBlueprint({ blueprintId: 'a' })]);
    await expect(openFileCatalogue(path)).rejects.toMatchObject({
      code: 'CATALOGUE_INVALID',
      message: expect.stringContaining('a twice'),
    });
    await folder.remove();
  });

  it('D-24: a file cannot vouch for its own sheets; a signature is really checked, and covers the whole entry', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'catalogue.json');
    const key = Buffer.alloc(32, 5);
    const sign = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', key).update(bytes).digest());
    const check = (bytes: Uint8Array, signature: Uint8Array): boolean => Buffer.compare(sign(bytes), signature) === 0;
    const claims = buildBlueprint({ blueprintId: 'a', sheet: { ...sheet, signature: 'valid' } });
    const signatureIn = async (checker?: typeof check) =>
      (await (await openFileCatalogue(path, checker)).lookup('a'))?.sheet?.signature;
    await writeCatalogue(path, [claims]);
    expect(await signatureIn(check)).toBe('absent');
    await writeCatalogue(path, [claims], sign);
    expect(await signatureIn(check)).toBe('valid');
    expect(await signatureIn()).toBe('unchecked');
    expect(await signatureIn(() => false)).toBe('invalid');
    const file = JSON.parse(await readFile(path, 'utf8')) as { blueprints: { descriptor: string; sha256: string }[] };
    const entry = file.blueprints[0] as { descriptor: string; sha256: string };
    entry.descriptor = entry.descriptor.replace('"LOW"', '"HIGH"');
    entry.sha256 = sha256(new TextEncoder().encode(entry.descriptor));
    await writeFile(path, JSON.stringify(file));
    expect(await signatureIn(check)).toBe('invalid');
    await folder.remove();
  });
});
