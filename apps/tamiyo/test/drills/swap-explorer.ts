import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  foldHistory,
  GOLDEN_FILE,
  loadBundle,
  manifestBytes,
  memoryBundle,
  type VerifiedBundle,
} from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { ok } from '@esper/std';
import { bundleChecks, signManifest } from '../../src/adapters/policy-bundle.js';
import type { Host } from '../../src/compose.js';
import { decideOnce, NOTE, policyBench } from '../support/policy-bench.js';

/** Whole updates of a whole host, real models in their processes, while packets come in on two runs. */
const RUNS = ['swap-a', 'swap-b'];
const BETWEEN_PACKETS_MS = 25;
/** Every fifth candidate has golden cases that its model does not meet, and must be refused. */
const BAD_EVERY = 5;
const LEAK_BYTES = 48 << 20;

export const SWAP_SABOTAGES = {
  'not-held': 'a decision does not hold its policy, which is closed at the swap',
  'history-forgotten': 'an activation is not written down',
  'never-closed': 'a replaced policy keeps its process',
  leak: 'each swap keeps 48 megabytes',
  mixed: 'the policy in force changes its digest while decisions are under way',
  'open-fails': 'every other candidate cannot be loaded',
} as const;
export type SwapSabotage = keyof typeof SWAP_SABOTAGES;

export interface SwapPlan {
  readonly count: number;
  readonly runtime: 'process' | 'thread';
  readonly sabotage?: SwapSabotage;
  readonly onSwap?: (done: number) => void;
}

export interface SwapTotals {
  swaps: number;
  decisions: number;
  failed: number;
  firstFailure: string | undefined;
  /** Decisions whose record, command and telemetry do not name one and the same policy. */
  mixed: number;
  /** Updates that ended otherwise than they should. */
  wrong: number;
  /** More child processes at the end than at the beginning. */
  strays: number;
  rssSlopeRatio: number;
  chainWhole: boolean;
}

type Bench = Awaited<ReturnType<typeof policyBench>>;

export async function exploreSwaps(plan: SwapPlan): Promise<SwapTotals> {
  const bench = await policyBench();
  const { host } = await bench.open({
    'inference.host': plan.runtime,
    idempotencyMs: '1000',
    profile: 'harness',
    'wal.durability': 'written',
  });
  const totals: SwapTotals = {
    swaps: 0,
    decisions: 0,
    failed: 0,
    firstFailure: undefined,
    mixed: 0,
    wrong: 0,
    strays: 0,
    rssSlopeRatio: 0,
    chainWhole: false,
  };
  try {
    plant(plan.sabotage, host);
    const models = await twoModels(bench);
    const childrenBefore = (await children()).length;
    // Without a hold a decision must be under way at the very moment of a swap: then there is hardly a pause between two.
    const load = startLoad(host, totals, plan.sabotage === 'not-held' ? 1 : BETWEEN_PACKETS_MS);
    const rssBytes: number[] = [];
    for (let at = 0; at < plan.count; at += 1) {
      await swapOnce({ host, bench, at, base: models[at % 2] as VerifiedBundle, totals });
      globalThis.gc?.();
      rssBytes.push(await rssOfAll());
      plan.onSwap?.(at + 1);
    }
    await load.stop();
    totals.rssSlopeRatio = Number(slopeRatio(rssBytes).toFixed(4));
    totals.chainWhole = foldHistory(host.policies.store.history(), sha256).ok;
    totals.strays = Math.max(0, (await children()).length - childrenBefore);
  } finally {
    await bench.remove();
  }
  return totals;
}

async function twoModels({ make, signer }: Bench): Promise<readonly VerifiedBundle[]> {
  const verified = async (seed: number) => {
    const { source } = await make({ version: seed, seed });
    const bundle = await loadBundle(source, bundleChecks(signer));
    if (!bundle.ok) throw new Error(bundle.error.message);
    return bundle.value;
  };
  return [await verified(2), await verified(3)];
}

interface OneSwap {
  readonly host: Host;
  readonly bench: Bench;
  readonly at: number;
  readonly base: VerifiedBundle;
  readonly totals: SwapTotals;
}

async function swapOnce({ host, bench, at, base, totals }: OneSwap): Promise<void> {
  const isBad = at % BAD_EVERY === BAD_EVERY - 1;
  const before = host.policies.store.state().active;
  const { source, digest } = nextBundle(base, {
    version: at + 10,
    isBad,
    sign: (bytes) => signManifest(bench.signer, bytes),
  });
  const outcome = await host.policies.update(source, NOTE);
  if (outcome.ok) totals.swaps += 1;
  const expected = isBad ? before : digest;
  const inForce = host.policies.inForce();
  const found = [host.policies.store.state().active, inForce.ok ? inForce.value.decode.bundleDigest : ''];
  if (outcome.ok === isBad || found.some((one) => one !== expected)) totals.wrong += 1;
}

/** The same model under another version, signed anew; a bad one with a golden output that is off. */
function nextBundle(
  base: VerifiedBundle,
  made: { readonly version: number; readonly isBad: boolean; readonly sign: (bytes: Uint8Array) => Uint8Array },
) {
  const files = new Map(base.files);
  if (made.isBad) files.set(GOLDEN_FILE, spoiledGolden(files.get(GOLDEN_FILE) ?? new Uint8Array()));
  const described = Object.fromEntries(
    [...files].map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }]),
  );
  const manifest = manifestBytes({ ...base.manifest, policyVersion: made.version, files: described });
  files.set('manifest.json', manifest);
  files.set('manifest.sig', made.sign(manifest));
  return { digest: sha256(manifest), source: memoryBundle(files, `version ${made.version}`) };
}

function spoiledGolden(bytes: Uint8Array): Uint8Array {
  const golden = JSON.parse(new TextDecoder().decode(bytes)) as {
    cases: { outputs: { heads: { data: number[] } } }[];
  };
  const data = golden.cases[0]?.outputs.heads.data ?? [];
  data[0] = (data[0] ?? 0) + 1;
  return new TextEncoder().encode(JSON.stringify(golden));
}

function startLoad(host: Host, totals: SwapTotals, betweenPacketsMs: number) {
  let isStopping = false;
  const run = async (runId: string): Promise<void> => {
    for (let step = 1; !isStopping; step += 1) {
      await look(host, await decideOnce(host, `${runId}-${step}`, runId), totals);
      await pause(betweenPacketsMs);
    }
  };
  const running = RUNS.map(run);
  return {
    stop: async () => {
      isStopping = true;
      await Promise.all(running);
    },
  };
}

async function look(host: Host, outcome: Awaited<ReturnType<typeof decideOnce>>, totals: SwapTotals): Promise<void> {
  totals.decisions += 1;
  if (!outcome.ok) {
    totals.failed += 1;
    totals.firstFailure ??= `${outcome.error.code}: ${outcome.error.message}`;
    return;
  }
  const view = await host.decision(outcome.value.decisionId);
  const record = view?.record.kind === 'decision' ? view.record : undefined;
  const named = outcome.value.command.decision?.policy?.bundleDigest;
  if (record?.digests.policy !== named || named === undefined) totals.mixed += 1;
}

function plant(sabotage: SwapSabotage | undefined, host: Host): void {
  const { policies } = host;
  const kept: Uint8Array[] = [];
  const update = policies.update.bind(policies);
  switch (sabotage) {
    case 'not-held':
      Object.assign(policies, { hold: (work: () => Promise<unknown>) => work() });
      return;
    case 'history-forgotten':
      Object.assign(policies.store, { activate: (digest: string) => policies.store.load(digest) });
      return;
    case 'leak':
      Object.assign(policies, {
        update: async (...given: Parameters<typeof update>) => {
          kept.push(new Uint8Array(LEAK_BYTES).fill(kept.length));
          return update(...given);
        },
      });
      return;
    case 'never-closed':
    case 'mixed':
      plantInRuntime(sabotage, host);
      return;
    case 'open-fails': {
      const load = policies.store.stage.bind(policies.store);
      let turn = 0;
      Object.assign(policies.store, {
        stage: async (...given: Parameters<typeof load>) => {
          turn += 1;
          const staged = await load(...given);
          return turn % 2 === 0 && staged.ok ? ok({ ...staged.value, files: new Map() }) : staged;
        },
      });
      return;
    }
    case undefined:
      return;
  }
}

function plantInRuntime(sabotage: 'never-closed' | 'mixed', { policies }: Host): void {
  const update = policies.update.bind(policies);
  Object.assign(policies, {
    update: async (source: Parameters<typeof update>[0], wish: Parameters<typeof update>[1]) => {
      const runtime = policies.current();
      if (sabotage === 'never-closed' && runtime) Object.assign(runtime.host, { close: async () => undefined });
      const timer = setInterval(() => {
        const active = policies.current()?.active;
        if (sabotage === 'mixed' && active) Object.assign(active, { digest: sha256(new Uint8Array(1)) });
      }, 1);
      try {
        return await update(source, wish);
      } finally {
        clearInterval(timer);
      }
    },
  });
}

async function children(): Promise<readonly number[]> {
  const found: number[] = [];
  for (const tid of await readdir('/proc/self/task')) {
    const text = await readFile(`/proc/self/task/${tid}/children`, 'utf8').catch(() => '');
    found.push(...text.split(' ').filter(Boolean).map(Number));
  }
  return found;
}

/** Resident bytes of this process and its children. A child that has just ended counts nothing. */
async function rssOfAll(): Promise<number> {
  let total = process.memoryUsage.rss();
  for (const pid of await children()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    total += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }
  return total;
}

/** Growth over the second half, by least squares, as a share of its mean. */
function slopeRatio(samples: readonly number[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const mean = half.reduce((sum, one) => sum + one, 0) / half.length;
  const centre = (half.length - 1) / 2;
  let over = 0;
  let under = 0;
  half.forEach((one, at) => {
    over += (at - centre) * (one - mean);
    under += (at - centre) ** 2;
  });
  return under === 0 ? 0 : ((over / under) * half.length) / mean;
}
