import { composeEnvelope, concatBytes, lengthPrefixed } from '../../src/core/compose-envelope.js';
import type { TrustedKey } from '../../src/core/key-ring.js';
import { leylinePayload } from '../../src/wire/leyline-payload.js';
import { makeKey, pauseDraft, START_MS } from './fixtures.js';

const TEXT = new TextEncoder();
const V4_ID = '11111111222243338444555555555555';

/** An envelope made by hand, so that every part can be wrong. What is left out is right. */
export interface Forgery {
  readonly keys?: readonly TrustedKey[];
  readonly keyIds?: readonly string[];
  readonly signatures?: readonly Uint8Array[];
  readonly domain?: string;
  readonly run?: string | Uint8Array;
  readonly consumer?: string;
  /** 32 hex digits. */
  readonly commandId?: string;
  readonly issuerEpoch?: bigint;
  readonly sequence?: bigint;
  readonly issuedAtMs?: bigint;
  readonly expiresAtMs?: bigint;
  readonly header?: Uint8Array;
  readonly payload?: Uint8Array;
  readonly trailing?: Uint8Array;
}

const bytesOf = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? TEXT.encode(text) : text);

/** Signed over whatever it says. */
export function forge(forgery: Forgery = {}): Uint8Array {
  const keys = forgery.keys ?? [makeKey('key-a')];
  const keyIds = (forgery.keyIds ?? keys.map((key) => key.keyId)).map((keyId) => {
    const bytes = TEXT.encode(keyId);
    return concatBytes([Uint8Array.of(bytes.length), bytes]);
  });
  const parts = [
    TEXT.encode(forgery.domain ?? 'esper.command.v1'),
    concatBytes(keyIds),
    bytesOf(forgery.run ?? 'run-1'),
    TEXT.encode(forgery.consumer ?? 'kasmina'),
    forgery.header ?? forgeHeader(forgery),
    forgery.payload ?? leylinePayload.encode(pauseDraft),
  ];
  const signedPart = concatBytes([...parts.map(lengthPrefixed), forgery.trailing ?? new Uint8Array()]);
  const signatures = forgery.signatures ?? keys.map((key) => key.material.sign?.(signedPart) ?? new Uint8Array(64));
  return composeEnvelope(signatures, signedPart);
}

/** The fixed header, with numbers of any size. */
export function forgeHeader(forgery: Forgery): Uint8Array {
  const header = Buffer.alloc(48);
  header.write(forgery.commandId ?? V4_ID, 0, 'hex');
  header.writeBigUInt64BE(forgery.issuerEpoch ?? 1n, 16);
  header.writeBigUInt64BE(forgery.sequence ?? 1n, 24);
  header.writeBigUInt64BE(forgery.issuedAtMs ?? BigInt(START_MS), 32);
  header.writeBigUInt64BE(forgery.expiresAtMs ?? BigInt(START_MS) + 30_000n, 40);
  return new Uint8Array(header);
}
