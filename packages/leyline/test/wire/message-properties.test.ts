import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  HEALTH_STATUSES,
  MESSAGE_PRIORITIES,
  parseJson,
  SEED_STAGES,
  type SystemStatePacket,
  TELEMETRY_LEVELS,
  type TelemetryPacket,
  toJson,
} from '../../src/index.js';

const keysOf = <T extends object>(table: T) => fc.constantFrom(...(Object.keys(table) as (keyof T & string)[]));
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/\p{Cc}/u.test(text));
const key = name.filter((text) => text !== '__proto__');
const notANumber = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((text) => Number.isNaN(Number(text)) && text !== 'NaN');
const signal = fc.oneof(fc.double(), fc.integer(), fc.constant(-0), notANumber);
const count = fc.maxSafeInteger().map(Math.abs);
const metrics = fc.dictionary(key, signal, { maxKeys: 12, noNullPrototype: true });
const texts = fc.dictionary(key, fc.string({ unit: 'grapheme' }), { maxKeys: 6, noNullPrototype: true });

const packet: fc.Arbitrary<SystemStatePacket> = fc.record(
  {
    version: fc.constant(1 as const),
    packetId: name,
    trainingRunId: name,
    sourceSubsystem: name,
    experimentName: name,
    currentEpoch: count,
    globalStep: count,
    timestampNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    trainingLoss: signal,
    validationLoss: signal,
    trainingMetrics: metrics,
    hardwareContext: fc.record(
      { deviceType: name, totalMemoryGb: signal, computeCapability: count },
      { requiredKeys: [], noNullPrototype: true },
    ),
    seedStates: fc.array(
      fc.record(
        { seedId: name, stage: keysOf(SEED_STAGES), riskScore: signal, layerDepth: count, metrics },
        { requiredKeys: ['seedId', 'stage', 'metrics'], noNullPrototype: true },
      ),
      { maxLength: 5 },
    ),
  },
  {
    requiredKeys: [
      'version',
      'packetId',
      'trainingRunId',
      'sourceSubsystem',
      'currentEpoch',
      'globalStep',
      'trainingMetrics',
      'seedStates',
    ],
    noNullPrototype: true,
  },
);

const telemetry: fc.Arbitrary<TelemetryPacket> = fc.record(
  {
    version: fc.constant(1 as const),
    packetId: name,
    sourceSubsystem: name,
    trainingRunId: name,
    timestampMs: count,
    level: keysOf(TELEMETRY_LEVELS),
    priority: keysOf(MESSAGE_PRIORITIES),
    metrics: fc.array(
      fc.record(
        { name, value: signal, unit: name, attributes: texts },
        { requiredKeys: ['name', 'value', 'unit'], noNullPrototype: true },
      ),
    ),
    events: fc.array(
      fc.record({ description: name, level: keysOf(TELEMETRY_LEVELS), attributes: texts }, { noNullPrototype: true }),
    ),
    spans: fc.array(
      fc.record(
        {
          name,
          startMs: fc.double({ noDefaultInfinity: true, noNaN: true }),
          durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
        },
        { noNullPrototype: true },
      ),
    ),
    health: fc.record({ status: keysOf(HEALTH_STATUSES), summary: name, indicators: texts }, { noNullPrototype: true }),
  },
  {
    requiredKeys: [
      'version',
      'packetId',
      'sourceSubsystem',
      'timestampMs',
      'level',
      'priority',
      'metrics',
      'events',
      'spans',
      'health',
    ],
    noNullPrototype: true,
  },
);

describe('any valid message survives both encodings', () => {
  it('SystemStatePacket', () => {
    fc.assert(
      fc.property(packet, (message) => {
        const bytes = encodeMessage('SystemStatePacket', message);
        expect(decodeMessage('SystemStatePacket', bytes)).toStrictEqual({ ok: true, value: message });
        expect(parseJson('SystemStatePacket', toJson('SystemStatePacket', message))).toStrictEqual({
          ok: true,
          value: message,
        });
      }),
      { numRuns: 400 },
    );
  });

  it('TelemetryPacket', () => {
    fc.assert(
      fc.property(telemetry, (message) => {
        const bytes = encodeMessage('TelemetryPacket', message);
        expect(decodeMessage('TelemetryPacket', bytes)).toStrictEqual({ ok: true, value: message });
        expect(parseJson('TelemetryPacket', toJson('TelemetryPacket', message))).toStrictEqual({
          ok: true,
          value: message,
        });
      }),
      { numRuns: 400 },
    );
  });

  it('one field of another type is refused by its path', () => {
    const wrong = fc.oneof(fc.constant(null), fc.constant(true), fc.constant([]), fc.constant({}));
    const fields = ['packetId', 'globalStep', 'version', 'sourceSubsystem', 'timestampNs'] as const;
    fc.assert(
      fc.property(packet, fc.constantFrom(...fields), wrong, (message, field, value) => {
        const json = JSON.stringify({ ...JSON.parse(toJson('SystemStatePacket', message)), [field]: value });
        expect(parseJson('SystemStatePacket', json)).toMatchObject({
          ok: false,
          error: { code: 'LEYLINE_INVALID', path: field },
        });
      }),
    );
  });
});
