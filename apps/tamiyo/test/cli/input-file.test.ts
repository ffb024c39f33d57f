import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInputFile } from '../../src/cli/input-file.js';

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

const read = (path: string) => readInputFile(path, { what: 'the thing', bytesMax: 8 });
const refusal = (path: string, cause: string) => ({
  code: 'INPUT_UNREADABLE',
  message: `cannot read the thing in ${path}`,
  cause: expect.objectContaining({ message: expect.stringContaining(cause) }),
});

describe('a file that a command line names', () => {
  it('is read up to its bound, and not beyond', async () => {
    const path = join(folder.path, 'file');
    await writeFile(path, '12345678');
    expect((await read(path)).toString()).toBe('12345678');
    await writeFile(path, '123456789');
    await expect(read(path)).rejects.toMatchObject(refusal(path, '9 bytes, at most 8 are read'));
  });

  it('may be a pipe, which does not say how long it is, with the same bound', async () => {
    const path = join(folder.path, 'pipe');
    execFileSync('mkfifo', [path]);
    const short = read(path);
    await writeFile(path, '12345678');
    expect((await short).toString()).toBe('12345678');
    await expect(read('/dev/zero')).rejects.toMatchObject(refusal('/dev/zero', 'more than 8 bytes'));
  });

  it('that is missing or a folder is told with its path and the reason', async () => {
    const path = join(folder.path, 'none');
    await expect(read(path)).rejects.toMatchObject(refusal(path, 'ENOENT'));
    await expect(read(folder.path)).rejects.toMatchObject(refusal(folder.path, 'EISDIR'));
  });
});
