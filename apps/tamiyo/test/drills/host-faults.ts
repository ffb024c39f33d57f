import type { Disk, DiskFile } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import type { Host, HostSetup } from '../../src/compose.js';
import type { ChildFault } from './host-messages.js';

const BEHIND_MS = 150;
const LEAK_BYTES = 4 << 20;
const BLOCK_MS = 120;
const BLOCK_EVERY_MS = 400;
const SLOW_RECORD_MS = 1800;
const SLOW_RECORD_EVERY = 70;

/** What a fault changes before the host is opened. */
export function setupFault(fault: ChildFault | undefined): Partial<HostSetup> {
  if (fault === 'write_behind') return { disk: writeBehind(nodeDisk()) };
  if (fault !== 'slow_library') return {};
  let lookups = 0;
  return {
    blueprints: (library) => ({
      candidates: () => {
        lookups += 1;
        return lookups % 50 === 0 ? new Promise(() => undefined) : library.candidates();
      },
      lookup: (id) => library.lookup(id),
      knownIds: () => library.knownIds(),
    }),
  };
}

/** A disk that answers at once and writes later: what is acknowledged is lost with the process. */
function writeBehind(disk: Disk): Disk {
  const later = (file: DiskFile): DiskFile => ({
    sizeBytes: () => file.sizeBytes(),
    read: (into, position) => file.read(into, position),
    write: async (bytes, position) => {
      const kept = bytes.slice();
      setTimeout(() => void file.write(kept, position), BEHIND_MS);
      return bytes.length;
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: async () => undefined,
    close: () => file.close(),
  });
  return {
    list: (directory) => disk.list(directory),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    // Only what is appended to the decision log: a host that cannot make its own files would never acknowledge anything.
    open: async (path, how) => {
      const file = await disk.open(path, how);
      return how === 'write' && path.includes('/log/') && path.endsWith('.wal') ? later(file) : file;
    },
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    identity: () => disk.identity(),
    holderState: (identity) => disk.holderState(identity),
  };
}

const kept: Uint8Array[] = [];

/** What a fault changes in a host that is open. */
export function plantFault(fault: ChildFault | undefined, host: Host): void {
  if (fault === 'telemetry_swallowed') swallowTelemetry(host);
  if (fault === 'record_skipped') skipRecords(host);
  if (fault === 'slow_log') slowDownRecords(host);
  if (fault === 'blocked_loop') setInterval(block, BLOCK_EVERY_MS);
  if (fault === 'leak') host.subscribe(() => void kept.push(new Uint8Array(LEAK_BYTES).fill(kept.length % 251)));
}

function block(): void {
  const until = performance.now() + BLOCK_MS;
  while (performance.now() < until);
}

function swallowTelemetry(host: Host): void {
  const emit = host.telemetry.emit.bind(host.telemetry);
  let packets = 0;
  host.telemetry.emit = (packet) => {
    packets += 1;
    return packets % 20 === 0 ? { accepted: true, durable: Promise.resolve(true) } : emit(packet);
  };
}

function skipRecords(host: Host): void {
  const append = host.log.append.bind(host.log);
  let records = 0;
  host.log.append = async (payload, options) => {
    records += 1;
    return records % 100 === 0 ? { sequence: records } : append(payload, options);
  };
}

function slowDownRecords(host: Host): void {
  const append = host.log.append.bind(host.log);
  let records = 0;
  host.log.append = async (payload, options) => {
    records += 1;
    if (records % SLOW_RECORD_EVERY === 0) await new Promise((resolve) => setTimeout(resolve, SLOW_RECORD_MS));
    return append(payload, options);
  };
}
