import { cp, mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { nameTable } from '@esper/registry';
import { restoreNameTables } from '@esper/registry/node';
import { monoMs, unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { type Disk, type DiskFile, openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { afterAll, beforeAll } from 'vitest';
import { ensureKeyFolder, openKeys } from '../../src/adapters/keys.js';
import { doctorOn } from '../../src/cli/doctor.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { Verdict } from '../../src/doctor/check.js';
import { once } from '../../src/doctor/once.js';
import type { DoctorPorts } from '../../src/doctor/ports.js';
import { systemPorts } from '../../src/doctor/system-ports.js';
import { makeMissing } from '../../src/host/first-start.js';
import { openService } from '../../src/http/open-service.js';
import { pinoLog } from '../../src/http/pino-log.js';
import { runNoun } from './run-noun.js';

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

/** One line of `tamiyo doctor --json`. */
export interface Told {
  readonly type: 'check' | 'summary';
  readonly id: string;
  readonly verdict: Verdict;
  readonly saw: string;
  readonly next?: string;
}

/** An installation that something can be planted in. */
export interface Site {
  readonly data: string;
  readonly environment: Record<string, string>;
  /** What this machine is replaced with. */
  ports: Partial<DoctorPorts>;
}

/**
 * A data folder as a first start leaves it behind: keys, catalogue, policy in force, name tables, tokens, closed logs. The
 * policy was made when the table of seeds already held two names.
 */
async function makeInstallation(data: string): Promise<void> {
  await mkdir(join(data, 'tables'), { recursive: true });
  await restoreNameTables(join(data, 'tables'), { seed: nameTable(1024, ['seed-a', 'seed-b']) });
  const keyFolder = join(data, 'keys');
  await ensureKeyFolder(keyFolder, { wallMs: () => unixMs(systemClock.wallMs() - 10 * DAY_MS) });
  const keys = await openKeys({ folder: keyFolder, environment: {} });
  const flags = { dataDir: data, 'http.port': 0, 'inference.host': 'thread', 'inference.standbyCount': 0 };
  const config = resolveConfig({ flags });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  await makeMissing(config.value, keys);
  const log = pinoLog('silent', { write: () => undefined });
  await (await openService({ config: config.value, keys, log, version: '0.1.0' })).close();
  await append(join(data, 'log'), ['first record', 'second record', 'third record']);
}

/** Records of now in a log, which is closed again. */
export async function append(directory: string, texts: readonly string[]): Promise<void> {
  const log = await openLog(directory);
  for (const text of texts) await log.append(new TextEncoder().encode(text), { issuedAtMs: systemClock.wallMs() });
  await log.close();
}

export const openLog = (directory: string) =>
  openWal({ disk: nodeDisk(), directory, clock: systemClock, random: nodeRandom, options: { reserveBytes: 0 } });

const runtime = once(systemPorts().loadRuntime);

/** One installation for a whole test file: called at its top, it gives what makes copies of it. */
export function sharedInstallation() {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  beforeAll(async () => {
    folder = await tempFolder('installation-');
    await makeInstallation(join(folder.path, 'data'));
  }, 240_000);
  afterAll(() => folder.remove());
  return {
    site: () => copyOf(join(folder.path, 'data')),
    /** A place beside the installation. */
    beside: (name: string) => join(folder.path, name),
  };
}

/** A copy of an installation, with what it takes to remove it. */
async function copyOf(installation: string): Promise<Site & { remove(): Promise<void> }> {
  const { path, remove } = await tempFolder('doctor-');
  const data = join(path, 'data');
  await cp(installation, data, { recursive: true });
  const environment = {
    TAMIYO_DATA_DIR: data,
    TAMIYO_KEY_FOLDER: join(data, 'keys'),
    TAMIYO_HTTP_PORT: String(await freePort()),
  };
  return { data, environment, ports: {}, remove };
}

/** Runs the doctor. Only time, room and the cost of a sync are not this machine's, which may be short of them. */
export async function examine({ environment, ports }: Site, configFile?: string) {
  const steady = steadyMachine();
  const noun = doctorOn({ ...systemPorts(), ...steady, loadRuntime: runtime, ...ports });
  const { code, stdout, stderr } = await runNoun(noun, ['doctor', '--json'], environment, configFile);
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
  const checks = told.filter(({ type }) => type === 'check');
  const findings = checks.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
  return { code, stderr, checks, findings, summary: told.at(-1) as unknown as Record<Verdict, number> };
}

/** A disk of which each sync takes so long, by a clock that otherwise stands still. */
export function steadyMachine(syncMs = 1): Pick<DoctorPorts, 'clock' | 'disk' | 'space'> {
  let passedMs = 0;
  const startMs = systemClock.wallMs();
  const clock = { wallMs: () => unixMs(Math.floor(startMs + passedMs)), monoMs: () => monoMs(passedMs) };
  const disk = syncingWith(nodeDisk(), async (file) => {
    await file.sync();
    passedMs += syncMs;
  });
  return { clock, disk, space: async () => ({ freeBytes: 100 * GIB, totalBytes: 200 * GIB }) };
}

/** A disk that does something else when a file is to be made durable. */
function syncingWith(disk: Disk, sync: (file: DiskFile) => Promise<void>): Disk {
  return {
    ...disk,
    open: async (path, how) => {
      const file = await disk.open(path, how);
      return {
        sizeBytes: () => file.sizeBytes(),
        read: (into, position) => file.read(into, position),
        write: (bytes, position) => file.write(bytes, position),
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        sync: () => sync(file),
        close: () => file.close(),
      };
    },
  };
}

/** Somebody who listens on a loopback port. */
export async function listen(port: number): Promise<Server> {
  // What a silent server is sent is read, so that it sees the other side go.
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  return server;
}

export const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await listen(0);
  const address = server.address();
  await closed(server);
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has a port');
  return address.port;
}
