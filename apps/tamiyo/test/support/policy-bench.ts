import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createBytesSigner } from '@esper/command-verifier';
import type { TelemetryEvent } from '@esper/leyline';
import { DEFAULT_DIMS, type NetworkDims } from '@esper/policy';
import { type NameTables, packBundle } from '@esper/registry';
import { bundleFolder, readNameTables, writeCatalogue } from '@esper/registry/node';
import { unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildBlueprint, buildPacket, tempFolder } from '@esper/testkit';
import { initPolicyBundle } from '../../src/adapters/policy-bundle.js';
import { type Host, openHost } from '../../src/compose.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { HostSetup } from '../../src/host/host-setup.js';
import { testKeyRing } from './engine-fixture.js';
import { PATIENT_DEADLINES } from './patient-settings.js';

/** A network of the real shape, small enough for every test run. */
const SMALL_DIMS: NetworkDims = { ...DEFAULT_DIMS, sageHiddenWidth: 16, gatHiddenWidth: 8 };
const SETTINGS = {
  'inference.host': 'thread',
  'inference.standbyCount': '0',
  // What is tested is the swap, not how fast a busy machine is.
  ...PATIENT_DEADLINES,
  'policy.latencyMsMax': '2000',
  'policy.shadowDecisions': '0',
  'policy.healthDecisions': '0',
};

export interface BundleWish {
  readonly version: number;
  readonly seed?: number;
  /** What it proposes. Default: it pauses. */
  readonly prior?: Readonly<Record<string, number>>;
  readonly expiresAtMs?: number;
  readonly createdAtMs?: number;
  readonly tables?: NameTables;
}

/** A data folder with keys, catalogue and bundles, in which hosts are opened one after the other. */
export async function policyBench(first: BundleWish = { version: 1 }) {
  const folder = await tempFolder();
  const dataDir = folder.path;
  const keys = testKeyRing();
  const signer = createBytesSigner({ keyRing: keys, clock: systemClock });
  await writeCatalogue(join(dataDir, 'catalogue.json'), [buildBlueprint()]);
  const make = async (wish: BundleWish, path = join(dataDir, `bundle-${wish.version}`)) => {
    const { seed = wish.version, prior = { pause: 1 }, version, expiresAtMs, createdAtMs } = wish;
    const digest = await initPolicyBundle({
      folder: path,
      seed,
      actionPrior: prior,
      dims: SMALL_DIMS,
      policyVersion: version,
      tables: wish.tables ?? (await readNameTables(join(dataDir, 'tables'))),
      signer,
      clock: createdAtMs === undefined ? systemClock : { wallMs: () => unixMs(createdAtMs) },
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    return { digest, path, source: bundleFolder(path) };
  };
  const made = await make(first, join(dataDir, 'policy'));
  const opened: Host[] = [];
  return {
    dataDir,
    keys,
    signer,
    first: made,
    make,
    /** Opens a host. Its telemetry is kept in `events`, all of it, unless `more` names other exporters. */
    open: async (
      settings: Readonly<Record<string, string>> = {},
      more: Pick<HostSetup, 'exporters' | 'blueprints'> = {},
    ) => {
      const events: TelemetryEvent[] = [];
      const config = resolveConfig({ flags: { dataDir, ...SETTINGS, ...settings } });
      if (!config.ok) throw new Error(JSON.stringify(config.error));
      const exporter = {
        name: 'test',
        export: (packet: { readonly events: readonly TelemetryEvent[] }) => void events.push(...packet.events),
      };
      const host = await openHost({ config: config.value, keys, exporters: [exporter], ...more });
      opened.push(host);
      return { host, events };
    },
    storedFile: (digest: string, name: string) => join(dataDir, 'policies', 'bundles', digest, name),
    remove: async () => {
      for (const host of opened) await host.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const NOTE = { who: 'ada', why: 'test' };

/** Answers packets of a run until `until` settles; gives what became of them. */
export async function decideUntil(host: Host, until: Promise<unknown>, run = 'run-1') {
  let isOver = false;
  const ended = until.finally(() => {
    isOver = true;
  });
  const outcomes: Awaited<ReturnType<Host['decide']>>[] = [];
  for (let step = 1; !isOver; step += 1) {
    outcomes.push(await decideOnce(host, `${run}-packet-${step}`, run));
    // Answers that fail at once would leave no turn to anything else.
    await setImmediate();
  }
  await ended.catch(() => undefined);
  return outcomes;
}

export const decideOnce = (host: Host, packetId: string, run = 'run-1') =>
  host.decide(run, buildPacket({ trainingRunId: run, packetId }));

/** Flips one bit in the middle of a file. */
export async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

/** A bundle's folder as the bytes that travel on the policy stream. */
export async function archiveOf(path: string): Promise<Uint8Array> {
  const source = bundleFolder(path);
  const files = new Map<string, Uint8Array>();
  for (const name of (await source.names?.()) ?? []) {
    files.set(name, new Uint8Array((await source.read(name, 2 ** 30)) ?? []));
  }
  return packBundle(files);
}
