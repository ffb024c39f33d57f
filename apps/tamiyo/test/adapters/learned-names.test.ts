import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TelemetryEvent } from '@esper/leyline';
import { tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type LearnedNames, openLearnedNames } from '../../src/adapters/learned-names.js';

const seed = (name: string) => [{ vocabulary: 'seed', name } as const];
const indexOf = (names: LearnedNames, name: string) => names.vocabularies().seed.get(name);

describe('the name tables of a host', () => {
  it('a name that is offered has no index until its table is on disk, and keeps it over a restart', async () => {
    const folder = await tempFolder();
    const names = await openLearnedNames(folder.path, () => undefined);
    names.offer(seed('seed-a'));
    expect(indexOf(names, 'seed-a')).toBeUndefined();
    await names.folder.flush();
    names.offer([...seed('seed-b'), { vocabulary: 'layer_type', name: 'linear' }]);
    expect([indexOf(names, 'seed-a'), indexOf(names, 'seed-b')]).toEqual([1, undefined]);
    await names.close();
    const again = await openLearnedNames(folder.path, () => undefined);
    expect([...again.vocabularies().seed]).toEqual([
      ['seed-a', 1],
      ['seed-b', 2],
    ]);
    expect([...again.vocabularies().layer_type]).toEqual([['linear', 1]]);
    await again.close();
    await folder.remove();
  });

  it('RG-15: a packet id offered as a name gets no index, and the refusal is telemetry', async () => {
    const folder = await tempFolder();
    const heard: TelemetryEvent[] = [];
    const names = await openLearnedNames(folder.path, (event) => heard.push(event));
    names.offer([...seed('run-1-step-7'), { vocabulary: 'blueprint', name: 'bp-unknown' }]);
    await names.folder.flush();
    expect(names.vocabularies().seed.size + names.vocabularies().blueprint.size).toBe(0);
    expect(heard.map(({ description, attributes }) => `${description} ${attributes['code']}`)).toEqual([
      'name_refused TABLE_NAME_TRANSIENT',
      'name_refused TABLE_NAME_TRANSIENT',
    ]);
    await names.close();
    await folder.remove();
  });

  it('a disk that takes no table is told once, loudly, and no name gets an index that could be lost', async () => {
    const folder = await tempFolder();
    const heard: TelemetryEvent[] = [];
    const path = join(folder.path, 'tables');
    const names = await openLearnedNames(path, (event) => heard.push(event));
    await rm(path, { recursive: true });
    names.offer(seed('seed-a'));
    await names.folder.flush();
    names.offer(seed('seed-b'));
    await names.folder.flush();
    expect(names.vocabularies().seed.size).toBe(0);
    expect(heard).toMatchObject([
      { description: 'name_tables_failed', level: 'CRITICAL', attributes: { code: 'TABLE_SAVE_FAILED' } },
    ]);
    await names.close();
    await folder.remove();
  });

  it('a damaged table stops the start, with the file kept aside', async () => {
    const folder = await tempFolder();
    await mkdir(folder.path, { recursive: true });
    await writeFile(join(folder.path, 'seed_registry.json'), '{"seed-a": 1, "seed-b": 3}');
    await expect(openLearnedNames(folder.path, () => undefined)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('kept as'),
    });
    await folder.remove();
  });
});
