import { monoMs } from '@esper/std';
import { hmacKey } from '../adapters/hmac-key.js';
import { textDigest } from '../adapters/text-digest.js';
import { buildKeyRing, type KeyRing } from '../core/key-ring.js';
import type { Refusal, RefusalReason } from '../core/refusal.js';
import { ReplayMemory } from '../core/replay-memory.js';
import { fromBase64, toBase64 } from '../wire/base64-signature.js';
import { admitLeyline, type LeylineAdmitted } from '../wire/leyline-v1.js';
import { ExpectedSession } from './expected-answer.js';
import { type RecordedStep, sessionLimits, type VerifierLine } from './verifier-line.js';

/** What comparing one recorded result with ours has shown. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  | { readonly kind: 'explained'; readonly deviation: string }
  | { readonly kind: 'unexplained'; readonly detail: string };

/** Compares one line of a vector file with what this package does; one outcome per recorded result. */
export type VectorRunner = (line: unknown) => readonly VectorOutcome[];

/** Runners by vector file name. Vector files are trusted test data: their lines are not validated. */
export const vectorRunners: Readonly<Record<'verifier', VectorRunner>> = {
  verifier: (line) => {
    const session = line as VerifierLine;
    return session.results === undefined ? runSession(session) : runBitFlips(session, session.results);
  },
};

/** Verifies received bytes as the session's one verifier would. */
type SessionVerifier = (
  step: Pick<RecordedStep, 'now_us' | 'mono' | 'signature'>,
  bytes: Uint8Array,
) => LeylineAdmitted | Refusal;

function runSession(line: VerifierLine): readonly VectorOutcome[] {
  const expected = new ExpectedSession(line);
  const verify = openSession(line);
  return (line.steps ?? []).map((step) => compareStep(step, expected, verify));
}

function compareStep(step: RecordedStep, session: ExpectedSession, verify: SessionVerifier): VectorOutcome {
  const { answer, deviations } = session.answer(step);
  const admitted = verify(step, bytesOf(step.wire_b64));
  const ours = answerOf(admitted);
  if (ours !== answer) return unexplained(`answered ${ours}, expected ${answer}`);
  if (!('reason' in admitted) && toBase64(admitted.received.signedBytes) !== step.payload_b64)
    return unexplained('the canonical bytes differ');
  return deviations.length === 0 ? { kind: 'equal' } : { kind: 'explained', deviation: deviations.join('+') };
}

const EXPECTED_BY_LETTER: Readonly<
  Record<string, { readonly answer: 'ok' | RefusalReason; readonly deviation?: string }>
> = {
  A: { answer: 'ok' },
  I: { answer: 'invalid_signature' },
  P: { answer: 'malformed_envelope', deviation: 'DEV-CV-05' },
};

/** Each flipped bit meets a verifier of its own. */
function runBitFlips(line: VerifierLine, letters: string): readonly VectorOutcome[] {
  const wire = bytesOf(line.wire_b64 ?? '');
  const step = { now_us: line.now_us ?? 0, mono: line.mono ?? 0, signature: line.signature ?? null };
  return [...letters].map((letter, bit): VectorOutcome => {
    const flipped = Uint8Array.from(wire);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const ours = answerOf(openSession(line)(step, flipped));
    const expected = EXPECTED_BY_LETTER[letter];
    if (ours !== expected?.answer) return unexplained(`bit ${bit}: answered ${ours}, recorded ${letter}`);
    return expected.deviation === undefined ? { kind: 'equal' } : { kind: 'explained', deviation: expected.deviation };
  });
}

function openSession(line: VerifierLine): SessionVerifier {
  const limits = sessionLimits(line);
  const ring = ringOf(bytesOf(line.secret_b64));
  const { capacity, retentionMs } = limits;
  const replay = new ReplayMemory(
    { capacity, perKeyMax: capacity, runsMax: 1, retentionMs, sequence: 'any', hashSeed: 0 },
    { issuedBeforeMs: Number.MIN_SAFE_INTEGER, runs: [] },
  );
  return ({ now_us: nowMicros, mono, signature }, bytes) => {
    const at = monoMs(mono * 1000);
    replay.maintain(at);
    return admitLeyline(
      { bytes, signature: signature ?? undefined },
      {
        ring,
        nowMicros: BigInt(nowMicros),
        at,
        commandBytesMax: 2 ** 20,
        windowMicros: limits.windowMicros,
        futureSkewMicros: limits.skewMicros,
        replay,
        nonceOf: textDigest.nonceOf,
      },
    );
  };
}

function ringOf(secret: Uint8Array): KeyRing {
  const material = hmacKey(secret, { shortSecret: 'compatibility' });
  const times = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER };
  const ring = buildKeyRing([{ keyId: 'recorded', state: 'current', ...times, material }]);
  if (typeof ring === 'string') throw new TypeError(ring);
  return ring;
}

const answerOf = (admitted: LeylineAdmitted | Refusal): 'ok' | RefusalReason =>
  'reason' in admitted ? admitted.reason : 'ok';

const unexplained = (detail: string): VectorOutcome => ({ kind: 'unexplained', detail });

function bytesOf(base64: string): Uint8Array {
  const bytes = fromBase64(base64);
  if (bytes === undefined) throw new TypeError('a vector line holds text that is no base64');
  return bytes;
}
