import type { RefusalReason } from './refusal.js';

/** First bytes of every version 1 envelope: "ESC1". */
export const ENVELOPE_MAGIC = Uint8Array.of(0x45, 0x53, 0x43, 0x31);
/** What a command signature is for. The same key signing other things signs another tag. */
export const COMMAND_DOMAIN = 'esper.command.v1';
/** Signatures on one command. */
export const SIGNATURES_MAX = 4;
/** Bytes of a key id. */
export const KEY_ID_BYTES_MAX = 64;

const DOMAIN_BYTES = Uint8Array.from(COMMAND_DOMAIN, (letter) => letter.charCodeAt(0));
const LENGTH_BYTES = 4;
/** Behind the magic and the number of signatures. */
const SIGNATURES_FROM = ENVELOPE_MAGIC.length + 1;

/** A part of the received bytes, from `from` up to and without `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One signature and the key it names. `signature` is a view into the received bytes. */
export interface NamedSignature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** The outside of an envelope: all that is read before a signature holds. */
export interface Envelope {
  readonly signatures: readonly NamedSignature[];
  /** What every signature covers: from here to the end of the bytes. */
  readonly signedFrom: number;
  /** Where the audience begins; not read before a signature holds. */
  readonly audienceFrom: number;
}

/** Big-endian unsigned 32 bits at `offset`; the caller has checked that they are there. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  const high = ((bytes[offset] ?? 0) << 24) | ((bytes[offset + 1] ?? 0) << 16);
  return (high | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)) >>> 0;
}

/** The length-prefixed part that begins at `offset`, or `undefined` when it does not fit into the bytes. */
export function readPart(bytes: Uint8Array, offset: number): Span | undefined {
  const from = offset + LENGTH_BYTES;
  // A prefix that is cut itself ends behind the bytes, whatever length it reads as.
  const to = from + readUint32(bytes, offset);
  return to <= bytes.length ? { from, to } : undefined;
}

/**
 * Reads the outside of an envelope: magic, signatures, domain tag, key ids. Pure; copies nothing; touches neither
 * audience, header nor payload. The size limit is checked before.
 */
export function readEnvelope(bytes: Uint8Array): Envelope | RefusalReason {
  if (!startsWith(bytes, ENVELOPE_MAGIC, 0)) return 'malformed_envelope';
  const count = bytes[ENVELOPE_MAGIC.length] ?? Number.POSITIVE_INFINITY;
  if (count > SIGNATURES_MAX) return 'malformed_envelope';
  if (count === 0) return 'missing_signature';
  const signedFrom = skipShortParts(bytes, SIGNATURES_FROM, count);
  return signedFrom === undefined ? 'malformed_envelope' : readSignedStart(bytes, signedFrom, count);
}

function readSignedStart(bytes: Uint8Array, signedFrom: number, count: number): Envelope | RefusalReason {
  const domain = readPart(bytes, signedFrom);
  if (domain === undefined) return 'malformed_envelope';
  if (domain.to - domain.from !== DOMAIN_BYTES.length) return 'wrong_domain';
  if (!startsWith(bytes, DOMAIN_BYTES, domain.from)) return 'wrong_domain';
  const keyIds = readPart(bytes, domain.to);
  if (keyIds === undefined || skipShortParts(bytes, keyIds.from, count) !== keyIds.to) return 'malformed_envelope';
  const signatures = nameSignatures(bytes, keyIds.from, count);
  if (signatures === undefined) return 'malformed_envelope';
  return { signatures, signedFrom, audienceFrom: keyIds.to };
}

/** The key id list names exactly one key for each signature, and none twice. Both lists were skipped over before. */
function nameSignatures(bytes: Uint8Array, keyIdsFrom: number, count: number): NamedSignature[] | undefined {
  const signatures: NamedSignature[] = [];
  let signatureAt = SIGNATURES_FROM;
  let keyIdAt = keyIdsFrom;
  for (let index = 0; index < count; index++) {
    const signatureTo = shortPartEnd(bytes, signatureAt);
    const keyIdTo = shortPartEnd(bytes, keyIdAt);
    const keyId = readKeyId(bytes, keyIdAt + 1, keyIdTo);
    if (keyId === undefined || isNamed(signatures, keyId)) return undefined;
    signatures.push({ keyId, signature: bytes.subarray(signatureAt + 1, signatureTo) });
    signatureAt = signatureTo;
    keyIdAt = keyIdTo;
  }
  return signatures;
}

function isNamed(signatures: readonly NamedSignature[], keyId: string): boolean {
  for (const named of signatures) if (named.keyId === keyId) return true;
  return false;
}

/**
 * Where `count` parts end that each have one length byte and are not empty; `undefined` when one is empty, or begins behind
 * the bytes. The last one may end behind them, or behind where it should: that is for the caller to see.
 */
function skipShortParts(bytes: Uint8Array, from: number, count: number): number | undefined {
  let at = from;
  for (let index = 0; index < count; index++) {
    const to = shortPartEnd(bytes, at);
    // A length of zero, or no length byte at all.
    if (to === at + 1) return undefined;
    at = to;
  }
  return at;
}

/** Behind the bytes when there is no length byte at `at`. */
const shortPartEnd = (bytes: Uint8Array, at: number): number => at + 1 + (bytes[at] ?? 0);

function readKeyId(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > KEY_ID_BYTES_MAX) return undefined;
  let keyId = '';
  for (let offset = from; offset < to; offset++) {
    const byte = bytes[offset] ?? 0;
    if (!isKeyIdByte(byte)) return undefined;
    keyId += String.fromCharCode(byte);
  }
  return keyId;
}

const KEY_ID_BYTES: readonly boolean[] = Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9._-]/.test(String.fromCharCode(byte)),
);
const isKeyIdByte = (byte: number): boolean => KEY_ID_BYTES[byte] === true;

/** True for 1 to 64 of the characters `A-Z a-z 0-9 . _ -`. */
export const isKeyId = (text: string): boolean => /^[A-Za-z0-9._-]{1,64}$/.test(text);

function startsWith(bytes: Uint8Array, start: Uint8Array, at: number): boolean {
  for (let index = 0; index < start.length; index++) if (bytes[at + index] !== start[index]) return false;
  return true;
}
