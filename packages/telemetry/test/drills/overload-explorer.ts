import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import type { ChildMessage } from './overload-child.js';
import type { OverloadFault } from './overload-faults.js';

const BASE_PER_SECOND = 200;
const OVERLOAD = 100;
const CHILD = new URL('./overload-child.ts', import.meta.url);

/** What the loaded process has told so far. */
export interface OverloadTally {
  emitted: number;
  /** CRITICAL packets acknowledged as durable to this process. */
  readonly acked: Set<number>;
  exact: boolean;
  /** 99th percentile of the cost of one `emit`, per tick. */
  readonly emitP99Ms: number[];
}

export interface OverloadPlan {
  readonly seed: number;
  readonly fault?: OverloadFault;
  /** Ticks of the base load before, to compare the cost of emitting with; 0 for none. */
  readonly calmTicks: number;
  /** When the loaded process has done enough and is killed, at a moment of chance after it. */
  until(tally: OverloadTally): boolean;
}

export interface OverloadReport {
  readonly emitted: number;
  readonly criticalAcked: number;
  readonly criticalLost: number;
  readonly ledgerExact: boolean;
  readonly decisionP99DeltaMs: number;
}

/**
 * Base load of 200 packets a second, times 100, into telemetry whose sink hangs; then SIGKILL, a second process on the same journal, and
 * the account. Every CRITICAL packet that was acknowledged as durable to this process must come out of the second one.
 */
export async function exploreOverload(plan: OverloadPlan): Promise<OverloadReport> {
  const random = new SeededRandom(plan.seed);
  const folder = await tempFolder('telemetry-overload-');
  const fault = plan.fault === undefined ? [] : [plan.fault];
  const [calm, tally] = [newTally(), newTally()];
  try {
    if (plan.calmTicks > 0) {
      const calmFolder = join(folder.path, 'calm');
      await mkdir(calmFolder);
      const isOver = ({ emitP99Ms }: OverloadTally): boolean => emitP99Ms.length >= plan.calmTicks;
      await loadAndKill([calmFolder, 'load', `${BASE_PER_SECOND}`, '0'], isOver, calm);
    }
    let extraTicks = random.int(0, 20);
    const isEnough = (now: OverloadTally): boolean => {
      if (!plan.until(now)) return false;
      extraTicks -= 1;
      return extraTicks < 0;
    };
    await loadAndKill([folder.path, 'load', `${BASE_PER_SECOND * OVERLOAD}`, '0', ...fault], isEnough, tally);
    const found = await recover([folder.path, 'recover', '0', '0', ...fault]);
    const recovered = new Set(found.ids);
    return {
      emitted: tally.emitted,
      criticalAcked: tally.acked.size,
      criticalLost: [...tally.acked].filter((id) => !recovered.has(id)).length,
      ledgerExact: tally.exact && found.exact,
      decisionP99DeltaMs: Number((medianOf(tally.emitP99Ms) - medianOf(calm.emitP99Ms)).toFixed(3)),
    };
  } finally {
    await folder.remove();
  }
}

/** What was asserted and did not hold. */
export function overloadFailures(report: OverloadReport): readonly string[] {
  const { criticalAcked, criticalLost, ledgerExact } = report;
  return [
    ...(criticalLost > 0 ? [`${criticalLost} of ${criticalAcked} acknowledged CRITICAL packets are lost`] : []),
    ...(ledgerExact ? [] : ['the ledger does not balance']),
    ...(criticalAcked === 0 ? ['nothing was acknowledged: the drill has shown nothing'] : []),
  ];
}

const newTally = (): OverloadTally => ({ emitted: 0, acked: new Set(), exact: true, emitP99Ms: [] });

const childOf = (args: readonly string[]) =>
  fork(CHILD, args, { execArgv: ['--import', 'tsx', '--conditions=@esper/source'], serialization: 'advanced' });

/** Runs the loaded process until it has done enough, and kills it in mid-flight. */
async function loadAndKill(
  args: readonly string[],
  isEnough: (tally: OverloadTally) => boolean,
  tally: OverloadTally,
): Promise<void> {
  const child = childOf(args);
  const exited = once(child, 'exit');
  child.on('message', (message: ChildMessage) => {
    if (message.kind !== 'progress') return;
    tally.emitted = message.emitted;
    tally.exact &&= message.exact;
    tally.emitP99Ms.push(message.emitP99Ms);
    for (const id of message.acked) tally.acked.add(id);
    if (isEnough(tally)) child.kill('SIGKILL');
  });
  await exited;
}

async function recover(args: readonly string[]): Promise<ChildMessage & { readonly kind: 'recovered' }> {
  const child = childOf(args);
  let found: ChildMessage | undefined;
  child.on('message', (message: ChildMessage) => {
    found = message;
  });
  await once(child, 'exit');
  if (found?.kind !== 'recovered') throw new Error('the second process did not report what it found');
  return found;
}

/** Of the ticks after the first few, in which the code was not compiled yet. */
function medianOf(values: readonly number[]): number {
  const warm = values.slice(Math.min(20, values.length >> 1)).sort((a, b) => a - b);
  return warm[warm.length >> 1] ?? 0;
}
