import { requeueDeadLetters } from '@esper/oona';
import { systemTimers } from '@esper/telemetry/node';
import { EXIT } from './output.js';
import type { TelemetryTarget } from './telemetry-streams.js';
import { wholeNumber } from './whole-number.js';

const IDLE_MS = 1_000;

/** Dead letters go back to where they came from; those that are refused stay. */
export async function requeueLetters(
  { bus, output }: TelemetryTarget,
  options: { readonly count: string },
): Promise<number> {
  const countMax = wholeNumber('--count', options.count, { least: 1, most: 1_000_000 });
  const timers = {
    after: (delayMs: number, run: () => void) => systemTimers.after(delayMs, run, { keepsAlive: true }),
  };
  const report = await requeueDeadLetters(bus, { countMax, idleMs: IDLE_MS }, timers);
  output.object({ ...report });
  output.line(`${report.requeued} requeued, ${report.refused} refused`);
  return report.refused === 0 ? EXIT.ok : EXIT.failure;
}
