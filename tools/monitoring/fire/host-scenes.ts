import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultLibrary } from '../../../apps/scenarios/src/drive/fault-library.ts';
import { type Served, serve } from '../../../apps/tamiyo/test/support/served.ts';
import type { Disk, DiskFile } from '../../../packages/wal/src/index.ts';
import { nodeDisk } from '../../../packages/wal/src/node.ts';
import { type Scene, type Stage, Steps, step } from './scene.ts';

const ALL_SPEEDS = ['burn-14x-1h', 'burn-6x-6h', 'burn-3x-1d', 'burn-1x-3d'] as const;
const HOUR_MS = 3_600_000;

/** A disk whose syncs take longer than a decision may. */
function slowDisk(disk: Disk, delayMs: number): Disk {
  const slow = (file: DiskFile): DiskFile => ({
    sizeBytes: () => file.sizeBytes(),
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => file.write(bytes, position),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: async () => {
      await delay(delayMs);
      await file.sync();
    },
    close: () => file.close(),
  });
  return {
    list: (directory) => disk.list(directory),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    open: async (path, how) => slow(await disk.open(path, how)),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    identity: () => disk.identity(),
    holderState: (identity) => disk.holderState(identity),
  };
}

const speeds = (alert: string): readonly string[] => ALL_SPEEDS.map((rule) => `${alert}/${rule}`);

/** Ids of the inference processes below one process. Linux alone. */
async function runtimesOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const isChild = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      const line = isChild ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : '';
      return line.includes('process-main') ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** One that has ended in the meantime needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

/** Runtimes of the attacked host: all of them die at once. */
const RUNTIMES = 5;

/** A real `tamiyo serve` in a process of its own, where Prometheus looks. */
const serveAt = async (stage: Stage): Promise<Served> =>
  serve(await stage.folder(), [
    '--init',
    '--port',
    String(stage.port),
    '--set',
    `inference.standbyCount=${RUNTIMES - 1}`,
  ]);

async function attacked(stage: Stage): Promise<void> {
  const served = await serveAt(stage);
  const { pid = 0 } = served.child;
  const killRuntimes = async (): Promise<void> => {
    for (const runtime of await runtimesOf(pid)) signal(runtime, 'SIGKILL');
  };
  let killed = false;
  await stage.until(['TamiyoInferenceDies/so', 'TamiyoInferenceUnavailable/so', 'TamiyoNotReady/so'], async () => {
    // The first time once Prometheus has seen them alive.
    await delay(killed ? 20 : 1_500);
    await killRuntimes();
    killed = true;
  });
  await stage.until(['TamiyoEventLoopLags/so'], async () => {
    signal(pid, 'SIGSTOP');
    await delay(150);
    signal(pid, 'SIGCONT');
    await delay(100);
  });
  await served.stop('SIGKILL');
  await stage.until(['TamiyoHostDown/so'], () => delay(100));
}

async function unusablePolicy(stage: Stage): Promise<void> {
  const dataDir = await stage.folder();
  await (await stage.open({ dataDir })).close();
  for (const folder of ['policy', 'policies']) await spoilModels(join(dataDir, folder));
  await stage.open({ dataDir });
  await stage.until(['TamiyoPolicyUnavailable/so'], () => delay(100));
}

/** Every model below a folder gets other bytes. */
async function spoilModels(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name === 'policy.onnx') await writeFile(join(entry.parentPath, entry.name), 'spoiled');
  }
}

/** The host and what it stands on. */
export const HOST_SCENES: readonly Scene[] = [
  {
    name: 'a slow disk',
    fault: 'each sync of the log takes 80 ms longer',
    fires: speeds('TamiyoLatencyBudgetBurns'),
    play: async (stage) => {
      const faults = { disk: slowDisk(nodeDisk(), 80) };
      const service = await stage.open({ dataDir: await stage.folder(), faults });
      const steps = new Steps();
      await stage.until(speeds('TamiyoLatencyBudgetBurns'), async () => void (await step(service, steps.next())));
    },
  },
  {
    name: 'a library that hangs',
    fault: 'each look-up of blueprints takes longer than its deadline',
    fires: [...speeds('TamiyoDecisionBudgetBurns'), 'TamiyoBreakerOpen/so', 'TamiyoConservativeTooLong/so'],
    play: async (stage) => {
      const library = new FaultLibrary();
      const service = await stage.open({
        dataDir: await stage.folder(),
        settings: { 'deadlines.metadataMs': 50 },
        faults: { blueprints: (real) => library.before(real) },
      });
      const steps = new Steps();
      await step(service, steps.next());
      library.delayMs = 500;
      const fires = [...speeds('TamiyoDecisionBudgetBurns'), 'TamiyoBreakerOpen/so', 'TamiyoConservativeTooLong/so'];
      await stage.until(fires, async () => void (await step(service, steps.next())));
    },
  },
  {
    name: 'a policy and a key that run out',
    fault: 'the policy expires five seconds after the start, the key in twelve hours',
    fires: ['TamiyoPolicyExpires/soon', 'TamiyoPolicyExpires/expired', 'TamiyoKeyExpires/tomorrow'],
    play: async (stage) => {
      const dataDir = await stage.folder();
      // Making and opening the policy takes some of it.
      await stage.open({ dataDir, policyExpiresAtMs: Date.now() + 15_000, keyExpiresInMs: 12 * HOUR_MS });
      await stage.until(['TamiyoPolicyExpires/soon', 'TamiyoPolicyExpires/expired', 'TamiyoKeyExpires/tomorrow'], () =>
        delay(100),
      );
    },
  },
  {
    name: 'a key that needs a successor',
    fault: 'the key runs out in five days',
    fires: ['TamiyoKeyExpires/soon'],
    play: async (stage) => {
      await stage.open({ dataDir: await stage.folder(), keyExpiresInMs: 120 * HOUR_MS });
      await stage.until(['TamiyoKeyExpires/soon'], () => delay(100));
    },
  },
  {
    name: 'a policy whose bytes are others',
    fault: 'the model in the store is overwritten while no host runs',
    fires: ['TamiyoPolicyUnavailable/so'],
    play: unusablePolicy,
  },
  {
    name: 'a tamiyo serve that is attacked from outside',
    fault:
      'all its runtimes are killed; then each as it comes up; then the host is stopped and continued; then it is killed',
    fires: [
      'TamiyoInferenceUnavailable/so',
      'TamiyoInferenceDies/so',
      'TamiyoNotReady/so',
      'TamiyoEventLoopLags/so',
      'TamiyoHostDown/so',
    ],
    play: attacked,
  },
];
