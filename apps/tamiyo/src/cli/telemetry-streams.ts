import type { Bus } from '@esper/oona';
import { systemTimers } from '@esper/telemetry/node';
import { TamiyoError } from '../errors.js';
import type { Output } from './output.js';

/** What the verbs of `tamiyo telemetry` work on. */
export interface TelemetryTarget {
  readonly bus: Bus;
  readonly kind: 'embedded' | 'redis';
  readonly output: Output;
}

export type TelemetryStreamName = 'oona.emergency' | 'oona.telemetry';

const STREAMS: Readonly<Record<string, readonly TelemetryStreamName[]>> = {
  emergency: ['oona.emergency'],
  telemetry: ['oona.telemetry'],
  both: ['oona.emergency', 'oona.telemetry'],
};

/** The streams a word names. Throws `OPTION_INVALID`. */
export function streamsNamed(option: string, word: string): readonly TelemetryStreamName[] {
  const streams = Object.hasOwn(STREAMS, word) ? STREAMS[word] : undefined;
  if (streams !== undefined) return streams;
  throw new TamiyoError('OPTION_INVALID', `${option} takes emergency, telemetry or both, got ${word}`);
}

const LOOK_MS = 20;

/** Resolves true when `isTrue` is, false when `withinMs` have passed before. */
export async function becomesTrue(isTrue: () => boolean, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += LOOK_MS) {
    if (isTrue()) return true;
    await new Promise<void>((resolve) => systemTimers.after(LOOK_MS, resolve, { keepsAlive: true }));
  }
  return isTrue();
}
