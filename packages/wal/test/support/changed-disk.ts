import type { Disk, DiskFile } from '../../src/ports.js';

/** The same disk with some calls replaced. Works for class instances, whose methods sit on the prototype. */
export function withCalls(disk: Disk, change: Partial<Disk>): Disk {
  const plain: Disk = {
    list: (directory) => disk.list(directory),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    open: (path, how) => disk.open(path, how),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    identity: () => disk.identity(),
    holderState: (identity) => disk.holderState(identity),
  };
  return { ...plain, ...change };
}

/** The same disk with some calls of each file replaced. */
export function withFileCalls(disk: Disk, change: (file: DiskFile, path: string) => Partial<DiskFile>): Disk {
  const open: Disk['open'] = async (path, how) => {
    const file = await disk.open(path, how);
    const plain: DiskFile = {
      sizeBytes: () => file.sizeBytes(),
      read: (into, position) => file.read(into, position),
      write: (bytes, position) => file.write(bytes, position),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
    return { ...plain, ...change(file, path) };
  };
  return withCalls(disk, { open });
}

/** The same disk with another way to sync a segment. */
export const withSegmentSync = (disk: Disk, wrap: (sync: () => Promise<void>) => Promise<void>): Disk =>
  withFileCalls(disk, (file, path) => (path.endsWith('.wal') ? { sync: () => wrap(() => file.sync()) } : {}));
