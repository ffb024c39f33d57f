import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { foldHistory, openPolicyStore } from '../../src/index.js';
import { policyStoreFolder, sha256 } from '../../src/node.js';
import { bundleInMemory, NOTE, storePorts } from '../bundle/store-bench.js';

/** SIGKILL of a whole process at every place of an update, each on a folder of its own, and what a restart then finds. */
export interface KillFinding {
  readonly place: string;
  /** Version of the policy that is active after the restart, verified; 0 when there is none or it does not verify. */
  readonly active: number;
  readonly chainWhole: boolean;
  /** Whether the same update, begun again after the restart, comes to its end. */
  readonly canGoOn: boolean;
}

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

export const KILL_SABOTAGES = {
  'keeps-late': 'a bundle is written to disk only after the history says it is active',
  'rewrites-history': 'the history is emptied and written anew instead of being added to',
} as const;
export type KillSabotage = keyof typeof KILL_SABOTAGES;

/** How the candidate's health gate ends, and what is planted. */
export interface KillPlan {
  readonly health: 'well' | 'sick';
  readonly sabotage?: KillSabotage;
}

/** The places of one update in order, by letting it run to its end. */
export async function placesOfUpdate(plan: KillPlan): Promise<readonly string[]> {
  const places: string[] = [];
  const folder = await folderWithPolicy();
  await runUntil(folder.path, plan, (place) => {
    places.push(place);
    return place === 'done';
  });
  await folder.remove();
  return places;
}

/** Kills an update at its `index`-th place. */
export async function killAt(index: number, plan: KillPlan): Promise<KillFinding> {
  const folder = await folderWithPolicy();
  let seen = -1;
  const place = await runUntil(folder.path, plan, () => {
    seen += 1;
    return seen === index;
  });
  const finding = await lookAt(folder.path, place);
  await folder.remove();
  return finding;
}

async function folderWithPolicy() {
  const folder = await tempFolder();
  const files = await policyStoreFolder(folder.path);
  const store = await openPolicyStore(storePorts(files, systemClock));
  const first = bundleInMemory(1);
  await store.stage(first.source, NOTE);
  await store.activate(first.digest, NOTE);
  await files.release();
  return folder;
}

/** Lets the child go on from place to place until `isHere`, then kills it with its lock still held. */
async function runUntil(folder: string, plan: KillPlan, isHere: (place: string) => boolean): Promise<string> {
  const { health, sabotage = 'none' } = plan;
  const argv = ['--import', 'tsx', '--conditions=@esper/source', CHILD, folder, '2', health, sabotage];
  const child: ChildProcess = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the child has no output');
  const exited = once(child, 'exit');
  for await (const place of createInterface({ input: child.stdout })) {
    if (isHere(place)) {
      child.kill('SIGKILL');
      await exited;
      return place;
    }
    child.stdin?.write('on\n');
  }
  throw new Error('the update ended before it came to the place');
}

async function lookAt(folder: string, place: string): Promise<KillFinding> {
  const files = await policyStoreFolder(folder);
  const store = await openPolicyStore(storePorts(files, systemClock));
  const run = await store.policyToRun();
  const active = run.ok && run.value.from === 'active' ? run.value.bundle.manifest.policyVersion : 0;
  const chainWhole = foldHistory(store.history(), sha256).ok;
  const { source, digest } = bundleInMemory(2);
  const canGoOn =
    store.state().active === digest ||
    ((await store.stage(source, NOTE)).ok && (await store.activate(digest, NOTE)).ok);
  await files.release();
  return { place, active, chainWhole, canGoOn };
}
