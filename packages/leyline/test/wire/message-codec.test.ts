import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  encodePlain,
  LeylineError,
  MESSAGE_KINDS,
  type MessageKind,
  type SystemStatePacket,
} from '../../src/index.js';
import { SAMPLES } from './samples.js';

const packet = SAMPLES.SystemStatePacket;
const refusalOf = (kind: MessageKind, value: unknown) => {
  const decoded = decodeMessage(kind, encodePlain(value));
  return decoded.ok ? 'accepted' : decoded.error;
};
const packetWith = (fields: object) => refusalOf('SystemStatePacket', { ...packet, ...fields });

describe('round trip', () => {
  for (const kind of MESSAGE_KINDS) {
    it(`${kind} comes back equal, from equal bytes`, () => {
      const message = SAMPLES[kind];
      const bytes = encodeMessage(kind, message);
      const back = decodeMessage(kind, bytes);
      expect(back).toEqual({ ok: true, value: message });
      if (back.ok) expect(encodeMessage(kind, back.value)).toEqual(bytes);
    });
  }

  it('keys are sorted whatever the order they were given in', () => {
    const reversed = Object.fromEntries(Object.entries(packet).reverse()) as unknown as SystemStatePacket;
    expect(encodeMessage('SystemStatePacket', reversed)).toEqual(encodeMessage('SystemStatePacket', packet));
  });

  it('an undefined property is absent', () => {
    const loose = { ...SAMPLES.HardwareContext, deviceId: undefined } as unknown as typeof SAMPLES.HardwareContext;
    expect(encodeMessage('HardwareContext', loose)).toEqual(encodeMessage('HardwareContext', SAMPLES.HardwareContext));
  });

  it('the msgpack library reads what we write', () => {
    expect(decode(encodeMessage('FieldReport', SAMPLES.FieldReport))).toEqual(SAMPLES.FieldReport);
  });

  it('decoded byte strings are private copies', () => {
    const bytes = Buffer.from(encodeMessage('BusEnvelope', SAMPLES.BusEnvelope));
    const decoded = decodeMessage('BusEnvelope', bytes);
    bytes.fill(0);
    expect(decoded).toEqual({ ok: true, value: SAMPLES.BusEnvelope });
    if (decoded.ok) expect(Buffer.isBuffer(decoded.value.payload)).toBe(false);
  });
});

describe('numbers', () => {
  it('integers of other languages: any width is read where the value is exact', () => {
    const foreign = encode({ ...packet, globalStep: 42n, timestampNs: 5, currentEpoch: 3n }, { useBigInt64: true });
    const decoded = decodeMessage('SystemStatePacket', foreign);
    expect(decoded).toMatchObject({ ok: true, value: { globalStep: 42, timestampNs: 5n, currentEpoch: 3 } });
  });

  it('64 bits are safe where they are declared and refused beyond 2^53 elsewhere', () => {
    expect(packetWith({ timestampNs: 2n ** 64n - 1n })).toBe('accepted');
    expect(packetWith({ globalStep: 2n ** 53n })).toEqual({
      code: 'LEYLINE_INVALID',
      path: 'globalStep',
      expected: 'a whole number in 0..9007199254740991',
      found: 'integer 9007199254740992',
      otherCount: 0,
    });
    expect(packetWith({ timestampNs: -1n })).toMatchObject({ path: 'timestampNs', found: '-1' });
  });

  it('a fact must be finite; a signal may be bad and stays visible', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(refusalOf('FieldReport', { ...SAMPLES.FieldReport, metrics: { loss_delta: bad } })).toMatchObject({
        path: 'metrics.loss_delta',
        expected: 'a finite number',
        found: String(bad),
      });
      const seen = decodeMessage('SystemStatePacket', encodePlain({ ...packet, trainingLoss: bad }));
      expect(seen).toMatchObject({ ok: true, value: { trainingLoss: bad } });
    }
  });

  it('-0 stays -0 as a signal and is 0 as a count', () => {
    const decoded = decodeMessage('SystemStatePacket', encodePlain({ ...packet, trainingLoss: -0, globalStep: -0 }));
    expect(decoded.ok && Object.is(decoded.value.trainingLoss, -0)).toBe(true);
    expect(decoded.ok && Object.is(decoded.value.globalStep, 0)).toBe(true);
  });

  it('the texts of the non-finite numbers are those numbers; other text stays text', () => {
    const decoded = decodeMessage(
      'SystemStatePacket',
      encodePlain({ ...packet, trainingLoss: 'NaN', validationLoss: 'nan' }),
    );
    expect(decoded).toMatchObject({ ok: true, value: { trainingLoss: Number.NaN, validationLoss: 'nan' } });
  });
});

describe('refusals name path, expected and found', () => {
  it.each([
    [
      'an absent field',
      { packetId: undefined },
      'packetId',
      'a name of 1 to 256 characters without control characters',
      'nothing',
    ],
    ['an unknown field', { extra: 1 }, 'extra', 'no other field', 'field extra'],
    [
      'an unknown word',
      { seedStates: [{ seedId: 's', stage: 'GROWN', metrics: {} }] },
      'seedStates[0].stage',
      'one of UNKNOWN, DORMANT, GERMINATED, TRAINING, BLENDING, SHADOWING, PROBATIONARY, FOSSILIZED, CULLED, EMBARGOED, RESETTING, TERMINATED',
      '"GROWN"',
    ],
    ['another version', { version: 2 }, 'version', 'version 1', '2'],
    [
      'a signal too long',
      { trainingMetrics: { 'a b': 'x'.repeat(65) } },
      'trainingMetrics["a b"]',
      'a number, or text of at most 64 characters',
      'text of 65 characters',
    ],
    [
      'a control character in a name',
      { trainingRunId: 'a\nb' },
      'trainingRunId',
      'a name of 1 to 256 characters without control characters',
      'text of 3 characters',
    ],
    ['a map for a list', { seedStates: {} }, 'seedStates', 'a list of at most 256', 'an object of 0 fields'],
    [
      'too many seeds',
      { seedStates: Array.from({ length: 257 }, () => packet.seedStates[1]) },
      'seedStates',
      'a list of at most 256',
      'a list of 257',
    ],
    [
      'bytes for a signal',
      { trainingLoss: Uint8Array.of(1) },
      'trainingLoss',
      'a number, or text of at most 64 characters',
      '1 bytes',
    ],
    ['a negative count', { globalStep: -1 }, 'globalStep', 'a whole number in 0..9007199254740991', '-1'],
    [
      'an empty key',
      { trainingMetrics: { '': 1 } },
      'trainingMetrics[""]',
      'a name of 1 to 256 characters without control characters',
      'a key of 0 characters',
    ],
  ])('%s', (_what, fields, path, expected, found) => {
    expect(packetWith(fields)).toEqual({ code: 'LEYLINE_INVALID', path, expected, found, otherCount: 0 });
  });

  it('counts the refusals it does not list', () => {
    expect(packetWith({ version: 2, globalStep: -1, extra: true })).toMatchObject({ otherCount: 2 });
  });

  it('content of texts and bytes never appears', () => {
    const secret = 'hunter2-hunter2';
    const refusals = [
      packetWith({ trainingMetrics: secret }),
      packetWith({ hardwareContext: { deviceType: 7, note: secret } }),
      refusalOf('SeedState', secret),
      refusalOf('BusEnvelope', { ...SAMPLES.BusEnvelope, sentAtMs: secret }),
    ];
    for (const refusal of refusals) expect(JSON.stringify(refusal)).not.toContain(secret);
  });

  it('a path stays short', () => {
    const refusal = packetWith({ trainingMetrics: { ['k'.repeat(256)]: true } });
    expect(refusal).toMatchObject({ code: 'LEYLINE_INVALID' });
    expect(JSON.stringify(refusal).length).toBeLessThan(400);
  });

  it('encoding an invalid message throws the same refusal, coded', () => {
    const broken = { ...packet, globalStep: 1.5 };
    expect(() => encodeMessage('SystemStatePacket', broken)).toThrow(LeylineError);
    expect(() => encodeMessage('SystemStatePacket', broken)).toThrow(
      'cannot encode SystemStatePacket: at globalStep expected a whole number in 0..9007199254740991, found 1.5',
    );
  });
});

describe('rules across fields', () => {
  const draft = SAMPLES.CommandDraft;
  const command = SAMPLES.AdaptationCommand;

  it('at most one payload', () => {
    const two = { ...draft, rollback: { tier: 'fast', reason: 'spike' } };
    expect(refusalOf('CommandDraft', two)).toMatchObject({
      path: '$',
      expected: expect.stringContaining('at most one of'),
    });
    expect(refusalOf('AdaptationCommand', { ...command, rollback: two.rollback })).toMatchObject({ path: '$' });
  });

  it('G-16: decision metadata, sequence and deadline are typed fields', () => {
    expect(refusalOf('AdaptationCommand', command)).toBe('accepted');
    expect(refusalOf('AdaptationCommand', { ...command, sequence: '7' })).toMatchObject({ path: 'sequence' });
    expect(refusalOf('AdaptationCommand', { ...command, executionDeadlineMs: 0 })).toMatchObject({
      path: 'executionDeadlineMs',
    });
    const decision = { ...command.decision, coverage: { ratio: 1.5, byType: {} } };
    expect(refusalOf('AdaptationCommand', { ...command, decision })).toMatchObject({ path: 'decision.coverage.ratio' });
  });

  it('a command expires after it was issued, and has a UUID', () => {
    expect(refusalOf('AdaptationCommand', { ...command, expiresAtMs: command.issuedAtMs })).toMatchObject({
      path: 'expiresAtMs',
    });
    expect(
      refusalOf('AdaptationCommand', { ...command, commandId: command.commandId.toUpperCase().replace('4', 'A') }),
    ).toMatchObject({ path: 'commandId' });
  });

  it('a report always has its loss delta and its date', () => {
    expect(refusalOf('FieldReport', { ...SAMPLES.FieldReport, metrics: {} })).toMatchObject({
      path: 'metrics.loss_delta',
    });
    expect(refusalOf('FieldReport', { ...SAMPLES.FieldReport, issuedAtMs: 0 })).toMatchObject({ path: 'issuedAtMs' });
  });

  it('bounds and schedules run forwards', () => {
    const allowedParameters = { alpha: { minValue: 1, maxValue: 0 } };
    expect(refusalOf('BlueprintDescriptor', { ...SAMPLES.BlueprintDescriptor, allowedParameters })).toMatchObject({
      path: 'allowedParameters.alpha.maxValue',
    });
    const decision = { blend: { shape: 'linear', scheduleStart: 0.9, scheduleEnd: 0.1 } };
    expect(refusalOf('CommandDraft', { ...draft, decision })).toMatchObject({ path: 'decision.blend.scheduleEnd' });
  });

  it('a digest is 64 lower-case hex digits', () => {
    expect(refusalOf('PolicyUpdate', { ...SAMPLES.PolicyUpdate, payloadDigest: 'AB'.repeat(32) })).toMatchObject({
      path: 'payloadDigest',
    });
  });

  it('a pair of layers has two', () => {
    const graph = { ...SAMPLES.BlueprintDescriptor.graph, layerAdjacency: [[0, 1, 2]] };
    expect(refusalOf('BlueprintDescriptor', { ...SAMPLES.BlueprintDescriptor, graph })).toMatchObject({
      path: 'graph.layerAdjacency[0]',
    });
  });
});
