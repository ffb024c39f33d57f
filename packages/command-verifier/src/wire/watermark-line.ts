import { z } from 'zod';
import type { WatermarkStep } from '../core/watermark.js';

/** Longest line of a watermark journal, in characters. */
export const WATERMARK_LINE_MAX = 8192;

const whole = z.int().min(0);
const step = z.tuple([whole, z.string().min(1).max(1024), whole, whole]);

/** A step as one line of JSON: time, run, epoch, sequence. */
export const formatWatermarkStep = (given: WatermarkStep): string =>
  JSON.stringify([given.issuedBeforeMs, given.trainingRunId, given.issuerEpoch, given.sequenceBelow]);

/** The step of a line, or `undefined` when it is none. Strict. */
export function parseWatermarkStep(line: string): WatermarkStep | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined; // whoever asked reports the line as damaged
  }
  const parsed = step.safeParse(json);
  if (!parsed.success) return undefined;
  const [issuedBeforeMs, trainingRunId, issuerEpoch, sequenceBelow] = parsed.data;
  return { issuedBeforeMs, trainingRunId, issuerEpoch, sequenceBelow };
}
