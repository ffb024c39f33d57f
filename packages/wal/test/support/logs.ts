import { FakeClock } from '@esper/testkit';
import { openWal, type Wal, type WalEvent, type WalOptions } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { type DiskImage, MemoryDisk } from '../../src/testing.js';

export const DIRECTORY = '/log';
export const SMALL: WalOptions = { segmentBytesMax: 4096, batchBytesMax: 4096, reserveBytes: 0, readBytes: 4096 };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

export interface Opened {
  readonly wal: Wal;
  readonly events: WalEvent[];
  readonly clock: FakeClock;
}

export async function open(disk: Disk, options: WalOptions = {}): Promise<Opened> {
  const events: WalEvent[] = [];
  const clock = new FakeClock();
  const observe = (event: WalEvent) => void events.push(event);
  const wal = await openWal({ disk, directory: DIRECTORY, clock, observe, options: { ...SMALL, ...options } });
  return { wal, events, clock };
}

/** Sequence and text of everything that can be read. */
export async function contents(wal: Wal, fromSequence = 0): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { sequence, payload } of wal.read({ fromSequence })) found.push(`${sequence} ${text(payload)}`);
  return found;
}

/** A closed log of `count` records `r1`, `r2`, …, each of about `padding` bytes more, issued at 1,001, 1,002, … ms. */
export async function madeLog(count: number, padding = 0, options: WalOptions = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { wal } = await open(disk, options);
  for (let at = 1; at <= count; at += 1)
    await wal.append(bytes(`r${at}`.padEnd(padding, '.')), { issuedAtMs: 1000 + at });
  await wal.close();
  return disk;
}

export const segmentsOf = (image: DiskImage): readonly string[] =>
  [...image.keys()].filter((path) => path.endsWith('.wal')).sort();

/** A copy of the image with one file changed. */
export function changed(
  image: DiskImage,
  path: string,
  change: (content: Uint8Array) => Uint8Array | undefined,
): MemoryDisk {
  const copy = new Map(image);
  const content = change((copy.get(path) ?? new Uint8Array()).slice());
  if (content === undefined) copy.delete(path);
  else copy.set(path, content);
  return new MemoryDisk(copy, 'another');
}

/** Flips the lowest bit of one byte. */
export const flipped =
  (offset: number) =>
  (content: Uint8Array): Uint8Array => {
    content[offset] = (content[offset] as number) ^ 1;
    return content;
  };
