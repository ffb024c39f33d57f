import { fork } from 'node:child_process';
import { once } from 'node:events';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { type DrillFlags, type DrillOutcome, type DrillSpec, runDrill } from '../../../../tools/drill/drill.js';
import type { ChildMessage } from './overload-child.js';
import { OVERLOAD_FAULTS } from './overload-faults.js';

/**
 * Base load of 200 packets a second, times 100, into telemetry whose sink hangs; then SIGKILL, a second process on the same journal, and
 * the account. Every CRITICAL packet that was acknowledged as durable to this process must come out of the second one.
 */
const SPEC: DrillSpec = { name: 'telemetry:overload', defaultBudgetMs: 20_000, sabotages: OVERLOAD_FAULTS };
const BASE_PER_SECOND = 200;
const OVERLOAD = 100;
const CHILD = new URL('./overload-child.ts', import.meta.url);

interface Tally {
  emitted: number;
  readonly acked: Set<number>;
  exact: boolean;
  readonly emitP99Ms: number[];
}

const childOf = (args: readonly string[]) =>
  fork(CHILD, args, { execArgv: ['--import', 'tsx', '--conditions=@esper/source'], serialization: 'advanced' });

/** Runs the loaded process until enough is acknowledged or the time is up, and kills it in mid-flight. */
async function loadAndKill(args: readonly string[], until: (tally: Tally) => boolean, tally: Tally): Promise<void> {
  const child = childOf(args);
  const exited = once(child, 'exit');
  child.on('message', (message: ChildMessage) => {
    if (message.kind !== 'progress') return;
    tally.emitted = message.emitted;
    tally.exact &&= message.exact;
    tally.emitP99Ms.push(message.emitP99Ms);
    for (const id of message.acked) tally.acked.add(id);
    if (until(tally)) child.kill('SIGKILL');
  });
  await exited;
}

async function recover(args: readonly string[]): Promise<ChildMessage & { readonly kind: 'recovered' }> {
  const child = childOf(args);
  const [message] = (await once(child, 'message')) as [ChildMessage];
  await once(child, 'exit');
  if (message.kind !== 'recovered') throw new Error('the second process did not report what it found');
  return message;
}

/** Of the ticks after the first few, in which the code was not compiled yet. */
function medianOf(values: readonly number[]): number {
  const warm = values.slice(Math.min(20, values.length >> 1)).sort((a, b) => a - b);
  return warm[warm.length >> 1] ?? 0;
}

async function drill(flags: DrillFlags): Promise<DrillOutcome> {
  const random = new SeededRandom(flags.seed);
  const folder = await tempFolder('telemetry-overload-');
  const fault = flags.sabotage === undefined ? [] : [flags.sabotage];
  const started = performance.now();
  const calm: Tally = { emitted: 0, acked: new Set(), exact: true, emitP99Ms: [] };
  const tally: Tally = { emitted: 0, acked: new Set(), exact: true, emitP99Ms: [] };
  try {
    const isCalmOver = ({ emitP99Ms }: Tally): boolean => emitP99Ms.length >= 300;
    await loadAndKill([await sub(folder.path), 'load', `${BASE_PER_SECOND}`, '0'], isCalmOver, calm);
    const target = flags.count ?? Number.POSITIVE_INFINITY;
    const loadMs = Math.max(2000, (flags.budgetMs - (performance.now() - started)) * 0.3);
    // Counted from the first sign of life: starting a process says nothing about telemetry.
    let from: number | undefined;
    const extraMs = random.int(0, 100);
    const isEnough = ({ acked }: Tally): boolean => {
      from ??= performance.now();
      return flags.count === undefined ? performance.now() - from > loadMs + extraMs : acked.size >= target;
    };
    await loadAndKill([folder.path, 'load', `${BASE_PER_SECOND * OVERLOAD}`, '0', ...fault], isEnough, tally);
    const found = await recover([folder.path, 'recover', '0', '0', ...fault]);
    const recovered = new Set(found.ids);
    const lost = [...tally.acked].filter((id) => !recovered.has(id)).length;
    const ledgerExact = tally.exact && found.exact;
    const decisionP99DeltaMs = Number((medianOf(tally.emitP99Ms) - medianOf(calm.emitP99Ms)).toFixed(3));
    const failures = [
      ...(lost > 0 ? [`${lost} of ${tally.acked.size} acknowledged CRITICAL packets are lost`] : []),
      ...(ledgerExact ? [] : ['the ledger does not balance']),
      ...(tally.acked.size === 0 ? ['nothing was acknowledged: the drill has shown nothing'] : []),
    ];
    const json = {
      emitted: tally.emitted,
      criticalAcked: tally.acked.size,
      criticalLost: lost,
      ledgerExact,
      decisionP99DeltaMs,
    };
    return { json, failures };
  } finally {
    await folder.remove();
  }
}

/** The calm measurement has a journal of its own. */
async function sub(path: string): Promise<string> {
  const { mkdir } = await import('node:fs/promises');
  const calm = `${path}/calm`;
  await mkdir(calm);
  return calm;
}

await runDrill(SPEC, drill);
