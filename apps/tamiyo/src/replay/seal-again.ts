import { createKeyRing, createSealer, signedContentOf } from '@esper/command-verifier';
import { hmacKey } from '@esper/command-verifier/node';
import type { CommandDraft } from '@esper/leyline';
import { unixMs } from '@esper/std';
import type { DecisionRecord } from '../records/record.js';

const ANY_KEY = new Uint8Array(32).fill(1);
const ALWAYS = { state: 'current', createdAtMs: 0, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 } as const;

/** What a command's signatures cover, as it was recorded and as it is when the command is sealed again. */
export interface SealedContents {
  readonly recorded: Uint8Array | string;
  readonly now: Uint8Array;
}

/**
 * Seals a command again under its recorded identity, for the same consumer and key names. Any key will do: what is signed does
 * not depend on it, and a signature says nothing more about the content.
 */
export function sealAgain(
  command: CommandDraft,
  { bytes, identity }: Pick<DecisionRecord, 'bytes' | 'identity'>,
  consumer: string,
): SealedContents {
  const signed = signedContentOf(bytes);
  const keyIds = typeof signed === 'string' ? ['unknown'] : signed.keyIds;
  const keyRing = createKeyRing(keyIds.map((keyId) => ({ keyId, ...ALWAYS, material: hmacKey(ANY_KEY) })));
  const sealer = createSealer({
    keyRing,
    clock: { wallMs: () => unixMs(identity.issuedAtMs) },
    ids: { commandId: () => identity.commandId },
  });
  const { trainingRunId, issuerEpoch, sequence, issuedAtMs, expiresAtMs } = identity;
  const again = sealer.seal(command, {
    trainingRunId,
    consumer,
    issuerEpoch,
    sequence,
    expiresInMs: expiresAtMs - issuedAtMs,
  });
  const now = signedContentOf(again.bytes);
  if (typeof now === 'string') throw new TypeError(`a command just sealed reads as ${now}`);
  return { recorded: typeof signed === 'string' ? signed : signed.content, now: now.content };
}
