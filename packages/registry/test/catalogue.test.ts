import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBlueprint, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openFileCatalogue, writeCatalogue } from '../src/node.js';

const blueprints = [
  buildBlueprint({ blueprintId: 'a' }),
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
});
