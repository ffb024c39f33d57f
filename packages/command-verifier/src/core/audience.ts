import type { Span } from './envelope.js';
import { CONSUMER_BYTES_MAX, RUN_ID_BYTES_MAX } from './signed-part.js';

/** Whom a verifier accepts commands for. */
export interface Audience {
  /** The one training run, or `any` for a consumer that serves several. */
  readonly trainingRunId: string | 'any';
  /** The consumer's name, for example `kasmina`. */
  readonly consumer: string;
}

/** An audience ready for comparison with received bytes. */
export interface ExpectedAudience {
  readonly run: { readonly text: string; readonly bytes: Uint8Array } | 'any';
  readonly consumer: Uint8Array;
}

const TEXT = new TextEncoder();
const STRICT_TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The audience in bytes, or what is wrong with it, in words. */
export function expectAudience(audience: Audience): ExpectedAudience | string {
  const consumer = TEXT.encode(audience.consumer);
  if (!isWithin(consumer, CONSUMER_BYTES_MAX)) return `consumer must have 1 to ${CONSUMER_BYTES_MAX} bytes`;
  if (audience.trainingRunId === 'any') return { run: 'any', consumer };
  const bytes = TEXT.encode(audience.trainingRunId);
  if (!isWithin(bytes, RUN_ID_BYTES_MAX)) return `trainingRunId must have 1 to ${RUN_ID_BYTES_MAX} bytes`;
  return { run: { text: audience.trainingRunId, bytes }, consumer };
}

/** True when the signed part names this consumer, and a run it serves. */
export function isAudience(
  bytes: Uint8Array,
  named: { run: Span; consumer: Span },
  expected: ExpectedAudience,
): boolean {
  if (!equalBytes(bytes, named.consumer, expected.consumer)) return false;
  return expected.run === 'any' || equalBytes(bytes, named.run, expected.run.bytes);
}

/** The run a signed part names; `undefined` when it is not UTF-8. The expected run needs no decoding. */
export function readRun(bytes: Uint8Array, span: Span, expected: ExpectedAudience): string | undefined {
  const { run } = expected;
  return run !== 'any' && equalBytes(bytes, span, run.bytes) ? run.text : readText(bytes, span);
}

/** The text of a part; `undefined` when it is not UTF-8. */
export function readText(bytes: Uint8Array, span: Span): string | undefined {
  try {
    return STRICT_TEXT.decode(bytes.subarray(span.from, span.to));
  } catch {
    return undefined; // the decoder's only failure is that the bytes are not UTF-8
  }
}

const isWithin = (bytes: Uint8Array, bytesMax: number): boolean => bytes.length > 0 && bytes.length <= bytesMax;

function equalBytes(bytes: Uint8Array, span: Span, expected: Uint8Array): boolean {
  if (span.to - span.from !== expected.length) return false;
  for (let index = 0; index < expected.length; index++) if (bytes[span.from + index] !== expected[index]) return false;
  return true;
}
