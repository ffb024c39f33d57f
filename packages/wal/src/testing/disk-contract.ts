import type { Disk } from '../ports.js';

/** How the suite names its cases; `it` of any test runner fits. */
export type RegisterCase = (name: string, body: () => Promise<void>) => void;

/** A disk to try, and an empty directory on it. */
export interface DiskUnderTest {
  readonly disk: Disk;
  readonly directory: string;
}

/**
 * What the log relies on in a disk, as cases. An adapter that passes them all can carry a log; whether it keeps what it has
 * synced over a power cut is for its author to know.
 */
export function diskContract(register: RegisterCase, make: () => Promise<DiskUnderTest>): void {
  for (const [name, body] of Object.entries(CASES)) register(`disk contract: ${name}`, async () => body(await make()));
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the disk breaks its contract: ${what}`);
}

async function failsWith(code: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const found = (error as { code?: unknown }).code;
    expect(found === code, `expected ${code}, got ${String(found)}`);
    return;
  }
  expect(false, `expected ${code}, and nothing failed`);
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

async function content({ disk }: DiskUnderTest, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, 'read');
  const into = new Uint8Array((await file.sizeBytes()) + 8);
  const got = await file.read(into, 0);
  await file.close();
  return into.slice(0, got);
}

async function create({ disk }: DiskUnderTest, path: string, ...values: number[]): Promise<void> {
  const file = await disk.open(path, 'create');
  expect((await file.write(bytes(...values), 0)) === values.length, 'a small write is complete');
  await file.sync();
  await file.close();
}

const CASES: Readonly<Record<string, (at: DiskUnderTest) => Promise<void>>> = {
  'what is written is read back, and reading ends at the end': async (at) => {
    await create(at, `${at.directory}/a`, 1, 2, 3);
    expect(same(await content(at, `${at.directory}/a`), bytes(1, 2, 3)), 'content differs');
    const file = await at.disk.open(`${at.directory}/a`, 'read');
    expect((await file.read(new Uint8Array(4), 3)) === 0, 'a read behind the end gives bytes');
    await file.close();
  },
  'a write goes to its position, over what is there, and may leave a hole of zeros': async (at) => {
    await create(at, `${at.directory}/a`, 1, 2, 3);
    const file = await at.disk.open(`${at.directory}/a`, 'write');
    await file.write(bytes(9), 1);
    await file.write(bytes(7), 5);
    await file.close();
    expect(same(await content(at, `${at.directory}/a`), bytes(1, 9, 3, 0, 0, 7)), 'positions are not kept');
  },
  'truncating cuts, and growing again gives zeros': async (at) => {
    await create(at, `${at.directory}/a`, 1, 2, 3);
    const file = await at.disk.open(`${at.directory}/a`, 'write');
    await file.truncate(1);
    expect((await file.sizeBytes()) === 1, 'size after cutting');
    await file.write(bytes(5), 3);
    await file.close();
    expect(same(await content(at, `${at.directory}/a`), bytes(1, 0, 0, 5)), 'old bytes come back');
  },
  'create refuses an existing file, read and write an absent one': async (at) => {
    await create(at, `${at.directory}/a`, 1);
    await failsWith('EEXIST', () => at.disk.open(`${at.directory}/a`, 'create'));
    await failsWith('ENOENT', () => at.disk.open(`${at.directory}/b`, 'read'));
    await failsWith('ENOENT', () => at.disk.open(`${at.directory}/b`, 'write'));
    await failsWith('ENOENT', () => at.disk.remove(`${at.directory}/b`));
  },
  'renaming replaces, removing removes, and the listing knows': async (at) => {
    await create(at, `${at.directory}/a`, 1);
    await create(at, `${at.directory}/b`, 2);
    await at.disk.rename(`${at.directory}/a`, `${at.directory}/b`);
    await at.disk.syncDirectory(at.directory);
    expect(same(await content(at, `${at.directory}/b`), bytes(1)), 'the target was not replaced');
    expect((await at.disk.list(at.directory)).join() === 'b', 'the listing differs');
    await at.disk.remove(`${at.directory}/b`);
    expect((await at.disk.list(at.directory)).length === 0, 'the file is still listed');
  },
  'directories can be made twice, deep, and are not listed as files': async (at) => {
    await at.disk.makeDirectory(`${at.directory}/x/y`);
    await at.disk.makeDirectory(`${at.directory}/x/y`);
    await create(at, `${at.directory}/x/y/a`, 1);
    expect((await at.disk.list(`${at.directory}/x/y`)).join() === 'a', 'the file in the directory is not listed');
    expect((await at.disk.list(at.directory)).length === 0, 'a directory is listed as a file');
  },
  'knows its own process to be alive': async (at) => {
    expect((await at.disk.holderState(await at.disk.identity())) === 'alive', 'this process counts as dead');
  },
};
