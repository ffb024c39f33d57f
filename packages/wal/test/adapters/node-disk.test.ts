import { FakeClock, tempFolder } from '@esper/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { openWal, type WalOptions } from '../../src/index.js';
import { nodeDisk, nodeRandom } from '../../src/node.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function folder(): Promise<string> {
  const { path, remove } = await tempFolder('wal-');
  cleanups.push(remove);
  return `${path}/a/log`;
}

const open = (directory: string, options: WalOptions = {}) =>
  openWal({ disk: nodeDisk(), directory, clock: new FakeClock(), random: nodeRandom, options });

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (from: string): Uint8Array => new TextEncoder().encode(from);

describe('a log on a real disk', () => {
  it('WA-02: keeps what was acknowledged over a restart, in order, with its issue time', async () => {
    const directory = await folder();
    const first = await open(directory);
    expect(await first.append(bytes('one'), { issuedAtMs: 1_700_000_000_000 })).toEqual({ sequence: 1 });
    await Promise.all([first.append(bytes('two')), first.append(new Uint8Array())]);
    await first.close();
    const second = await open(directory, { recovery: 'strict' });
    expect(await second.append(bytes('four'))).toEqual({ sequence: 4 });
    const found: unknown[] = [];
    for await (const { sequence, payload, issuedAtMs } of second.read())
      found.push([sequence, text(payload), issuedAtMs]);
    expect(found).toEqual([
      [1, 'one', 1_700_000_000_000],
      [2, 'two', undefined],
      [3, '', undefined],
      [4, 'four', undefined],
    ]);
    await second.close();
  });

  it('WA-15: one writer at a time, and the refusal names the holder', async () => {
    const directory = await folder();
    const first = await open(directory);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'WAL_LOCKED',
      holder: expect.stringContaining(`"pid":${process.pid}`),
    });
    await first.append(bytes('still mine'));
    await first.close();
    await (await open(directory)).close();
  });
});
