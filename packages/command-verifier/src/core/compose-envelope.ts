import { invariant } from '@esper/std';
import { COMMAND_DOMAIN, ENVELOPE_MAGIC, SIGNATURES_MAX } from './envelope.js';

/** What goes into the signed part, in this order. */
export interface SignedContent {
  readonly keyIds: readonly string[];
  readonly trainingRunId: string;
  readonly consumer: string;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

const TEXT = new TextEncoder();

/** The bytes every signature covers; they travel as they are. */
export function composeSignedPart(content: SignedContent): Uint8Array {
  const keyIds = concatBytes(content.keyIds.map((keyId) => shortPart(TEXT.encode(keyId))));
  return concatBytes(
    [TEXT.encode(COMMAND_DOMAIN), keyIds, TEXT.encode(content.trainingRunId), TEXT.encode(content.consumer)]
      .concat([content.header, content.payload])
      .map(lengthPrefixed),
  );
}

/** Magic, signatures in the order of the key ids, signed part. */
export function composeEnvelope(signatures: readonly Uint8Array[], signedPart: Uint8Array): Uint8Array {
  invariant(signatures.length <= SIGNATURES_MAX, 'the sealer never makes more signatures than an envelope holds');
  return concatBytes([ENVELOPE_MAGIC, Uint8Array.of(signatures.length), ...signatures.map(shortPart), signedPart]);
}

/** Four bytes of length, big-endian, then the bytes. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, bytes.length);
  return concatBytes([prefix, bytes]);
}

function shortPart(bytes: Uint8Array): Uint8Array {
  invariant(bytes.length > 0 && bytes.length <= 255, 'key ids and signatures have 1 to 255 bytes');
  return concatBytes([Uint8Array.of(bytes.length), bytes]);
}

/** All parts in one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
