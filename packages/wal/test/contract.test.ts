import { SeededRandom, tempFolder } from '@esper/testkit';
import { afterEach, describe, it } from 'vitest';
import { nodeDisk } from '../src/node.js';
import { CrashDisk, diskContract, MemoryDisk } from '../src/testing.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe('node disk', () => {
  diskContract(it, async () => {
    const folder = await tempFolder('wal-contract-');
    cleanups.push(folder.remove);
    return { disk: nodeDisk(), directory: folder.path };
  });
});

describe('memory disk', () => {
  diskContract(it, async () => ({ disk: new MemoryDisk(), directory: '/d' }));
});

describe('crash disk', () => {
  diskContract(it, async () => ({ disk: new CrashDisk({ chance: new SeededRandom(1) }), directory: '/d' }));
});
