import { readEnvelope } from '../../src/core/envelope.js';
import { readSignedSpans } from '../../src/core/signed-part.js';
import type { KeyMaterial, Verifier } from '../../src/index.js';

/** Faults of the mutation drill: name → what it does. */
export const MUTATE_SABOTAGES = {
  'half-compare': 'only the first half of a signature is compared',
  'any-length': 'a signature is compared as far as it goes',
  'header-unsigned': 'the signature does not cover the header',
  'payload-unsigned': 'the signature does not cover the payload',
  'audience-unsigned': 'the signature does not cover run and consumer',
  'first-signature-only': 'signatures of the second key always hold',
  'trailing-ignored': 'bytes behind the payload are cut off before verifying',
  'throws-on-short': 'short bytes make verify throw',
} as const;

export type MutateSabotage = keyof typeof MUTATE_SABOTAGES;

/** The key as the fault leaves it; `index` is its place in the ring. */
export function sabotageKey(fault: string | undefined, material: KeyMaterial, index: number): KeyMaterial {
  switch (fault) {
    case 'half-compare':
      return comparing(material, (expected) => expected.length / 2);
    case 'any-length':
      return comparing(material, (_, given) => given.length);
    case 'header-unsigned':
      return covering(material, 'header');
    case 'payload-unsigned':
      return covering(material, 'payload');
    case 'audience-unsigned':
      return covering(covering(material, 'run'), 'consumer');
    case 'first-signature-only':
      return index === 1 ? { ...material, verify: () => true } : material;
    default:
      return material;
  }
}

/** The verifier as the fault leaves it. */
export function sabotageVerifier(fault: string | undefined, verifier: Verifier): Verifier {
  if (fault === 'trailing-ignored') return { ...verifier, verify: (bytes) => verifier.verify(withoutTrailing(bytes)) };
  if (fault !== 'throws-on-short') return verifier;
  return {
    ...verifier,
    verify: (bytes) => {
      if (bytes.length < 20) throw new RangeError('offset is outside the bounds of the DataView');
      return verifier.verify(bytes);
    },
  };
}

type Compared = (expected: Uint8Array, given: Uint8Array) => number;

/** Compares as many bytes as `compared` says; keys without a signing half are left alone. */
function comparing(material: KeyMaterial, compared: Compared): KeyMaterial {
  const { sign, algorithm } = material;
  if (sign === undefined || algorithm === 'ed25519') return material;
  return {
    ...material,
    verify: (message, signature) => {
      const expected = sign(message);
      const count = compared(expected, signature);
      return Buffer.compare(expected.subarray(0, count), signature.subarray(0, count)) === 0;
    },
  };
}

/** Signs and verifies the message with one part blanked. */
function covering(material: KeyMaterial, part: 'run' | 'consumer' | 'header' | 'payload'): KeyMaterial {
  const blank = (message: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(message);
    const span = spansOfSignedPart(copy)?.[part];
    if (span !== undefined) copy.fill(0, span.from, span.to);
    return copy;
  };
  const { sign } = material;
  return {
    ...material,
    ...(sign === undefined ? {} : { sign: (message: Uint8Array) => sign(blank(message)) }),
    verify: (message, signature) => material.verify(blank(message), signature),
  };
}

function spansOfSignedPart(message: Uint8Array) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const keyIdsFrom = 4 + view.getUint32(0);
  if (keyIdsFrom + 4 > message.length) return undefined;
  return readSignedSpans(message, keyIdsFrom + 4 + view.getUint32(keyIdsFrom));
}

function withoutTrailing(bytes: Uint8Array): Uint8Array {
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') return bytes;
  for (let length = bytes.length; length > envelope.audienceFrom; length--)
    if (readSignedSpans(bytes.subarray(0, length), envelope.audienceFrom) !== undefined)
      return bytes.subarray(0, length);
  return bytes;
}
