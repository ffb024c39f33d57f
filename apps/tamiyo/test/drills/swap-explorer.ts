import { setTimeout as pause } from 'node:timers/promises';
import {
  foldHistory,
  GOLDEN_FILE,
  loadBundle,
  manifestBytes,
  memoryBundle,
  type UpdateStep,
  type VerifiedBundle,
} from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { bundleChecks, signManifest } from '../../src/adapters/policy-bundle.js';
import type { Host } from '../../src/compose.js';
import { decideOnce, NOTE, policyBench } from '../support/policy-bench.js';
import { LookUpGate } from './look-up-gate.js';
import { plant, type SwapSabotage } from './swap-faults.js';
import { children, rssOfAll, slopeRatio } from './swap-memory.js';

/**
 * Whole updates of a whole host, real models in their processes, while packets come in on three runs. At each swap one
 * decision is stopped between taking its policy and asking it, until the policy before would have been closed but for it.
 */
const RUNS = ['swap-a', 'swap-b', 'swap-c'];
const BETWEEN_PACKETS_MS = 25;
/** Every fifth candidate has golden cases that its model does not meet, and must be refused. */
const BAD_EVERY = 5;

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
  const gate = new LookUpGate();
  // No exporter: a test's own would keep every event of every decision, and memory is what is measured here.
  const { host } = await bench.open(
    {
      'inference.host': plan.runtime,
      idempotencyMs: '1000',
      profile: 'harness',
      'wal.durability': 'written',
      // One look-up waits for a whole update.
      'deadlines.metadataMs': '60000',
      'deadlines.decisionMs': '120000',
    },
    { exporters: [], blueprints: (library) => gate.before(library) },
  );
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
    await readBus(host);
    plant(plan.sabotage, host);
    const models = await twoModels(bench);
    const childrenBefore = (await children()).length;
    const load = startLoad(host, totals);
    const rssBytes: number[] = [];
    for (let at = 0; at < plan.count; at += 1) {
      await swapOnce({ host, bench, gate, at, base: models[at % 2] as VerifiedBundle, totals });
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

/** Somebody reads what the host tells. A stream that nobody reads keeps its newest 10,000 messages, and would only grow here. */
async function readBus({ bus }: Host): Promise<void> {
  for (const stream of ['oona.normal', 'oona.emergency', 'oona.telemetry'] as const)
    await bus.subscribe(stream, 'swap-drill', async () => undefined);
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
  readonly gate: LookUpGate;
  readonly at: number;
  readonly base: VerifiedBundle;
  readonly totals: SwapTotals;
}

async function swapOnce({ host, bench, gate, at, base, totals }: OneSwap): Promise<void> {
  const isBad = at % BAD_EVERY === BAD_EVERY - 1;
  const before = host.policies.store.state().active;
  const { source, digest } = nextBundle(base, {
    version: at + 10,
    isBad,
    sign: (bytes) => signManifest(bench.signer, bytes),
  });
  await gate.stopNext();
  // What is closed without waiting for the decision is closed in the turn of this step, and the decision goes on after it.
  const onStep = (step: UpdateStep): void => void (step === 'settle' && setImmediate(() => gate.open()));
  const outcome = await host.policies.update(source, { ...NOTE, onStep }).finally(() => gate.open());
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

function startLoad(host: Host, totals: SwapTotals) {
  let isStopping = false;
  const run = async (runId: string): Promise<void> => {
    for (let step = 1; !isStopping; step += 1) {
      await look(host, await decideOnce(host, `${runId}-${step}`, runId), totals);
      await pause(BETWEEN_PACKETS_MS);
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
