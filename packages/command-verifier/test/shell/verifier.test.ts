import { describe, expect, it } from 'vitest';
import {
  createKeyRing,
  createReplayGuard,
  createVerifier,
  REFUSAL_REASONS,
  type RefusalReason,
  type TrustedKey,
} from '../../src/index.js';
import { DAY_MS, makeBench, makeKey, START_MS, verdict } from '../support/fixtures.js';
import { type Forgery, forge } from '../support/forge.js';

const MS = BigInt(START_MS);

/** One forgery per reason, in the order of the checks; each is right in everything that is checked before. */
const WRONGS: readonly (readonly [RefusalReason, Forgery])[] = [
  ['wrong_domain', { domain: 'esper.bundle.v1x' }],
  ['unknown_key', { keys: [makeKey('stranger')] }],
  ['key_not_valid', { keys: [makeKey('old')] }],
  ['invalid_signature', { signatures: [new Uint8Array(32)] }],
  ['malformed_header', { header: new Uint8Array(47) }],
  ['wrong_audience', { run: 'run-2' }],
  ['missing_command_id', { commandId: '0'.repeat(32) }],
  ['missing_timestamp', { issuedAtMs: 0n }],
  ['issued_in_future', { issuedAtMs: MS + 5001n, expiresAtMs: MS + 9000n }],
  ['stale_command', { issuedAtMs: MS - 60_001n, expiresAtMs: MS + 1n }],
  ['expired_command', { issuedAtMs: MS - 10n, expiresAtMs: MS - 1n }],
  ['malformed_payload', { payload: Uint8Array.of(0xc1) }],
];

const ring = [makeKey('key-a'), makeKey('old', { notAfterMs: START_MS - 1, state: 'retired' })];

describe('verify', () => {
  it.each(WRONGS)('refuses with %s', async (reason, forgery) => {
    expect(await verdict(makeBench({ keys: ring }).verifier, forge(forgery))).toBe(reason);
  });

  it('SV-06: checks in the one order: what is wrong first is told, whatever is wrong after it', async () => {
    // Fields that cannot be wrong together, because they are the same field.
    const merged = (from: number): Forgery =>
      Object.assign(
        {},
        ...WRONGS.slice(from)
          .reverse()
          .map(([, forgery]) => forgery),
      );
    for (const [index, [reason]] of WRONGS.entries())
      expect(await verdict(makeBench({ keys: ring }).verifier, forge(merged(index))), reason).toBe(reason);
  });

  it('SV-13: with no key loaded everything is refused', async () => {
    const { verifier } = makeBench({ keys: [] });
    expect(await verdict(verifier, forge())).toBe('verifier_unavailable');
    expect(await verdict(verifier, new Uint8Array(10_000_000))).toBe('verifier_unavailable');
    expect(await verifier.verify(forge())).toStrictEqual({ ok: false, error: { reason: 'verifier_unavailable' } });
  });

  it('does not look into bytes over the size limit', async () => {
    const bytes = forge();
    const exact = makeBench({ options: { commandBytesMax: bytes.length } });
    const tight = makeBench({ options: { commandBytesMax: bytes.length - 1 } });
    expect(await verdict(exact.verifier, bytes)).toBe('ok');
    expect(await verdict(tight.verifier, bytes)).toBe('command_too_large');
  });

  it('SV-15, TA-15: sign, verify, replay, missing signature, stale, future, tamper', async () => {
    const { clock, verifier, sealNext } = makeBench();
    const first = sealNext();
    expect(await verdict(verifier, first)).toBe('ok');
    expect(await verdict(verifier, first)).toBe('nonce_replayed');
    expect(await verdict(verifier, Uint8Array.from([...first.subarray(0, 4), 0]))).toBe('missing_signature');
    const stale = sealNext({ expiresInMs: 3_600_000 });
    clock.advance(60_001);
    expect(await verdict(verifier, stale)).toBe('stale_command');
    const future = sealNext();
    clock.jumpWall(-5001);
    expect(await verdict(verifier, future)).toBe('issued_in_future');
    clock.jumpWall(1);
    expect(await verdict(verifier, future)).toBe('ok');
    const tampered = Uint8Array.from(sealNext());
    tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
    expect(await verdict(verifier, tampered)).toBe('invalid_signature');
  });

  it('a consumer of every run takes any run, but only for itself', async () => {
    const any = () => makeBench({ audience: { trainingRunId: 'any', consumer: 'kasmina' } }).verifier;
    expect(await verdict(any(), forge({ run: 'run-77' }))).toBe('ok');
    expect(await verdict(any(), forge({ consumer: 'kasmina2' }))).toBe('wrong_audience');
    expect(await verdict(any(), forge({ consumer: 'kasmin' }))).toBe('wrong_audience');
    expect(await verdict(any(), forge({ consumer: 'kasminA' }))).toBe('wrong_audience');
  });

  it('SV-16: a key may be limited to types of command', async () => {
    const pauseOnly = makeKey('key-a', { commandTypes: ['PAUSE'] });
    const haltOnly = makeKey('key-a', { commandTypes: ['EMERGENCY', 'ROLLBACK'] });
    expect(await verdict(makeBench({ keys: [pauseOnly] }).verifier, forge())).toBe('ok');
    expect(await verdict(makeBench({ keys: [haltOnly] }).verifier, forge())).toBe('command_not_allowed');
  });

  it('tolerates the skew at the start of a key, and none at its end', async () => {
    const verdictOf = (dates: { notBeforeMs?: number; notAfterMs?: number }) =>
      verdict(makeBench({ keys: [makeKey('key-a', dates)] }).verifier, forge());
    expect(await verdictOf({ notBeforeMs: START_MS + 5000 })).toBe('ok');
    expect(await verdictOf({ notBeforeMs: START_MS + 5001 })).toBe('key_not_valid');
    expect(await verdictOf({ notAfterMs: START_MS })).toBe('ok');
    expect(await verdictOf({ notAfterMs: START_MS - 1 })).toBe('key_not_valid');
  });

  it('a run is any UTF-8, taken as it is; what is none is a malformed header', async () => {
    const any = { trainingRunId: 'any', consumer: 'kasmina' };
    for (const run of ['läuft', '\uFEFFrun-1', '\uFEFF']) {
      const result = await makeBench({ audience: any }).verifier.verify(forge({ run }));
      expect(result.ok && result.value.trainingRunId).toBe(run);
    }
    for (const audience of [any, { trainingRunId: 'run-1', consumer: 'kasmina' }])
      expect(await verdict(makeBench({ audience }).verifier, forge({ run: Uint8Array.of(0xff) }))).toBe(
        'malformed_header',
      );
  });

  it('a damaged second signature is not excused by a good first one', async () => {
    const keys = [makeKey('key-a'), makeKey('key-b')];
    const { verifier } = makeBench({ keys });
    const good = forge({ keys });
    const damaged = Uint8Array.from(good);
    damaged[6 + 32 + 1] = (damaged[6 + 32 + 1] ?? 0) ^ 1;
    expect(await verdict(verifier, damaged)).toBe('invalid_signature');
    expect(await verdict(verifier, good)).toBe('ok');
  });

  it('a signature cannot be stripped from a command that two keys signed', async () => {
    const keys = [makeKey('key-a'), makeKey('key-b')];
    const good = forge({ keys });
    const stripped = Uint8Array.from([...good.subarray(0, 4), 1, ...good.subarray(5, 38), ...good.subarray(71)]);
    expect(await verdict(makeBench({ keys }).verifier, stripped)).toBe('malformed_envelope');
  });

  it('takes the payload before it waits: a buffer that is reused changes nothing', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { verifier } = makeBench({ opened: { journal: { append: () => gate }, steps: [] } });
    const bytes = forge();
    const pending = verifier.verify(bytes);
    bytes.fill(0);
    release();
    const result = await pending;
    expect(result.ok && result.value.annotations).toEqual({ risk_reason: 'loss_spike' });
  });

  it('copies memory that other threads can change', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(forge().length));
    shared.set(forge());
    expect(await verdict(makeBench().verifier, shared)).toBe('ok');
  });

  it('turns every failure underneath into a refusal with its cause', async () => {
    const { clock, sealNext } = makeBench();
    const broken = new Error('ring file gone');
    const verifier = createVerifier({
      keyRing: {
        current: () => {
          throw broken;
        },
      },
      clock,
      replay: createReplayGuard({ clock }),
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
    expect(await verifier.verify(sealNext())).toEqual({
      ok: false,
      error: { reason: 'verifier_unavailable', cause: broken },
    });
    expect(await verdict(verifier, 'text' as never)).toBe('malformed_envelope');
    expect(await verdict(verifier, undefined as never)).toBe('malformed_envelope');
  });

  it('says nothing of strangers: key id only when trusted, identity only when signed', async () => {
    const { verifier } = makeBench();
    const refusal = async (forgery: Forgery) => {
      const result = await verifier.verify(forge(forgery));
      return result.ok ? undefined : result.error;
    };
    expect(await refusal({ keys: [makeKey('stranger')] })).toEqual({ reason: 'unknown_key' });
    expect(await refusal({ signatures: [new Uint8Array(32)] })).toEqual({
      reason: 'invalid_signature',
      keyId: 'key-a',
    });
    expect(await refusal({ run: 'run-2', issuedAtMs: MS - 5n })).toEqual({
      reason: 'wrong_audience',
      keyId: 'key-a',
      identity: {
        commandId: '11111111-2222-4333-8444-555555555555',
        trainingRunId: 'run-2',
        issuerEpoch: 1,
        sequence: 1,
        ageMs: 5,
      },
    });
  });

  it('SV-10: a refusal after the claim names key, run and age like one before it', async () => {
    const told = { keyId: 'key-a', identity: expect.objectContaining({ trainingRunId: 'run-1', ageMs: 7 }) };
    const refusal = async (keys: readonly TrustedKey[], forgery: Forgery) => {
      const { clock, verifier } = makeBench({ keys });
      clock.advance(7);
      const result = await verifier.verify(forge(forgery));
      return result.ok ? undefined : result.error;
    };
    const payload = Uint8Array.of(0xc1);
    const malformed = await refusal([makeKey('key-a')], { payload });
    expect(malformed).toEqual({ reason: 'malformed_payload', ...told, cause: expect.anything() });
    const pauseForbidden = await refusal([makeKey('key-a', { commandTypes: ['SEED'] })], {});
    expect(pauseForbidden).toEqual({ reason: 'command_not_allowed', ...told });
  });

  it('counts every verdict exactly', async () => {
    const { verifier } = makeBench();
    await verifier.verify(forge());
    await verifier.verify(forge());
    await verifier.verify(forge({ run: 'run-2' }));
    await verifier.verify(forge({ run: 'run-2' }));
    expect(verifier.counts()).toMatchObject({
      accepted: 1,
      refused: new Map([
        ['nonce_replayed', 1],
        ['wrong_audience', 2],
      ]),
    });
  });

  it('has a closed set of reasons, the seven of the prototype among them', () => {
    const prototype = ['missing_signature', 'invalid_signature', 'missing_command_id', 'nonce_replayed'].concat([
      'missing_timestamp',
      'issued_in_future',
      'stale_command',
    ]);
    expect(REFUSAL_REASONS).toEqual(expect.arrayContaining(prototype));
    expect(new Set(REFUSAL_REASONS).size).toBe(24);
  });

  it('SV-07: the window and the skew are options, and their bounds are inclusive', async () => {
    const afterMs = (ageMs: number, options: { windowMs?: number; futureSkewMs?: number } = {}) => {
      const { clock, verifier, sealNext } = makeBench({ options });
      clock.advance(DAY_MS / 2);
      const sealed = sealNext({ expiresInMs: DAY_MS });
      clock.jumpWall(ageMs);
      return verdict(verifier, sealed);
    };
    expect(await afterMs(60_000)).toBe('ok');
    expect(await afterMs(60_001)).toBe('stale_command');
    expect(await afterMs(10, { windowMs: 10 })).toBe('ok');
    expect(await afterMs(11, { windowMs: 10 })).toBe('stale_command');
    expect(await afterMs(-5000)).toBe('ok');
    expect(await afterMs(-5001)).toBe('issued_in_future');
    expect(await afterMs(-1, { futureSkewMs: 0 })).toBe('issued_in_future');
  });

  it('a command is good until the last millisecond it names, and must name one after its issue', async () => {
    const lasting = (forMs: bigint) => forge({ expiresAtMs: MS + forMs });
    const afterMs = async (ageMs: number, bytes: Uint8Array) => {
      const { clock, verifier } = makeBench();
      clock.advance(ageMs);
      return verdict(verifier, bytes);
    };
    expect(await afterMs(10, lasting(10n))).toBe('ok');
    expect(await afterMs(11, lasting(10n))).toBe('expired_command');
    expect(await afterMs(0, lasting(1n))).toBe('ok');
    expect(await afterMs(0, lasting(0n))).toBe('malformed_header');
    expect(await afterMs(0, lasting(-1n))).toBe('malformed_header');
  });

  it('refuses bad options by name', () => {
    const { clock } = makeBench();
    const make = (options: object, audience = { trainingRunId: 'run-1', consumer: 'k' }, retentionMs = 300_000) =>
      createVerifier({
        keyRing: createKeyRing([]),
        clock,
        replay: createReplayGuard({ clock, options: { retentionMs } }),
        audience,
        options,
      });
    expect(() => make({ windowMs: Number.NaN })).toThrow('windowMs must be a whole number from 0 to 86400000, got NaN');
    expect(() => make({ futureSkewMs: -1 })).toThrow('futureSkewMs');
    expect(() => make({ commandBytesMax: 1.5 })).toThrow('commandBytesMax');
    expect(() => make({}, { trainingRunId: '', consumer: 'k' })).toThrow('trainingRunId');
    expect(() => make({}, { trainingRunId: 'r', consumer: 'k'.repeat(65) })).toThrow('consumer');
    expect(() => make({}, undefined, 64_999)).toThrow('retentionMs must be at least windowMs + futureSkewMs = 65000');
    expect(() => make({}, undefined, 65_000)).not.toThrow();
  });
});
