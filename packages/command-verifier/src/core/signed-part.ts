import type { CommandIdentity } from '@esper/leyline';
import { readPart, readUint32, type Span } from './envelope.js';

/** Bytes of the identity header. */
const HEADER_BYTES = 48;
/** Bytes of the training run's id. */
export const RUN_ID_BYTES_MAX = 1024;
/** Bytes of the consumer's name. */
export const CONSUMER_BYTES_MAX = 64;

const COMMAND_ID_BYTES = 16;
const HIGH_MAX = 0x1f_ffff;
const HIGH_UNIT = 2 ** 32;

/** Where the parts behind the key ids lie. Read only after a signature held. */
export interface SignedSpans {
  readonly run: Span;
  readonly consumer: Span;
  readonly header: Span;
  readonly payload: Span;
}

/** What the fixed header says; numbers are safe integers ≥ 0. */
export interface IdentityHeader {
  /** UUID as 16 bytes, a view into the received bytes; all zero means none was given. */
  readonly commandId: Uint8Array;
  readonly issuerEpoch: number;
  readonly sequence: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** The four parts, when they are within their limits and end exactly where the bytes do; otherwise `undefined`. */
export function readSignedSpans(bytes: Uint8Array, audienceFrom: number): SignedSpans | undefined {
  const run = boundedPart(bytes, audienceFrom, RUN_ID_BYTES_MAX);
  if (run === undefined) return undefined;
  const consumer = boundedPart(bytes, run.to, CONSUMER_BYTES_MAX);
  if (consumer === undefined) return undefined;
  const header = boundedPart(bytes, consumer.to, HEADER_BYTES);
  if (header === undefined || header.to - header.from !== HEADER_BYTES) return undefined;
  const payload = boundedPart(bytes, header.to, bytes.length);
  return payload?.to === bytes.length ? { run, consumer, header, payload } : undefined;
}

function boundedPart(bytes: Uint8Array, offset: number, bytesMax: number): Span | undefined {
  const part = readPart(bytes, offset);
  if (part === undefined || part.to === part.from) return undefined;
  return part.to - part.from <= bytesMax ? part : undefined;
}

/** Reads the fixed header. `undefined` when a number is beyond 2^53 - 1 or the id is neither absent nor a UUID v4. */
export function readIdentityHeader(bytes: Uint8Array, header: Span): IdentityHeader | undefined {
  const commandId = bytes.subarray(header.from, header.from + COMMAND_ID_BYTES);
  if (!isCommandIdOrNone(commandId)) return undefined;
  const numbersFrom = header.from + COMMAND_ID_BYTES;
  const issuerEpoch = readUint53(bytes, numbersFrom);
  const sequence = readUint53(bytes, numbersFrom + 8);
  const issuedAtMs = readUint53(bytes, numbersFrom + 16);
  const expiresAtMs = readUint53(bytes, numbersFrom + 24);
  // NaN from any of the four makes the sum NaN.
  if (Number.isNaN(issuerEpoch + sequence + issuedAtMs + expiresAtMs)) return undefined;
  return { commandId, issuerEpoch, sequence, issuedAtMs, expiresAtMs };
}

/** Writes the fixed header. The caller has checked the ranges. */
export function writeIdentityHeader(identity: Omit<CommandIdentity, 'trainingRunId'>): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(commandIdBytes(identity.commandId), 0);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, BigInt(identity.issuerEpoch));
  view.setBigUint64(24, BigInt(identity.sequence));
  view.setBigUint64(32, BigInt(identity.issuedAtMs));
  view.setBigUint64(40, BigInt(identity.expiresAtMs));
  return header;
}

/** NaN for what does not fit into a safe integer. */
function readUint53(bytes: Uint8Array, offset: number): number {
  const high = readUint32(bytes, offset);
  return high > HIGH_MAX ? Number.NaN : high * HIGH_UNIT + readUint32(bytes, offset + 4);
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a lower-case UUID version 4. */
export const isCommandId = (text: string): boolean => UUID_V4.test(text);

function commandIdBytes(commandId: string): Uint8Array {
  const digits = commandId.replaceAll('-', '');
  return Uint8Array.from({ length: COMMAND_ID_BYTES }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const DASH_BEFORE = new Set([4, 6, 8, 10]);

/** The UUID text of 16 bytes, lower case. */
export function commandIdText(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < COMMAND_ID_BYTES; index++) {
    if (DASH_BEFORE.has(index)) text += '-';
    text += HEX[bytes[index] ?? 0];
  }
  return text;
}

/** True when all 16 bytes are zero: the header names no command. */
export function isNoCommandId(commandId: Uint8Array): boolean {
  for (let index = 0; index < COMMAND_ID_BYTES; index++) if (commandId[index] !== 0) return false;
  return true;
}

function isCommandIdOrNone(id: Uint8Array): boolean {
  const isV4 = ((id[6] ?? 0) & 0xf0) === 0x40 && ((id[8] ?? 0) & 0xc0) === 0x80;
  return isV4 || isNoCommandId(id);
}
