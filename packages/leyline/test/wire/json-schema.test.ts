import { describe, expect, it } from 'vitest';
import { jsonSchemaOf, MESSAGE_KINDS } from '../../src/index.js';

type Node = Readonly<Record<string, unknown>>;

/** Every place of a schema that says nothing about its value. */
function silentPlaces(node: unknown, path = '$'): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  if (!Array.isArray(node) && Object.keys(node).length === 0) return [path];
  return Object.entries(node as Node)
    .filter(([key]) => key !== 'metadata')
    .flatMap(([key, value]) => silentPlaces(value, `${path}.${key}`));
}

describe('JSON Schema of the messages', () => {
  it('says something about every field of every message', () => {
    for (const kind of MESSAGE_KINDS) expect(silentPlaces(jsonSchemaOf(kind)), kind).toEqual([]);
  });

  it('has the form of what JSON has no type for, and refuses other fields', () => {
    const packet = jsonSchemaOf('SystemStatePacket') as { readonly properties: Readonly<Record<string, Node>> } & Node;
    expect(packet['additionalProperties']).toBe(false);
    expect(packet['required']).toEqual(
      expect.arrayContaining(['version', 'packetId', 'trainingRunId', 'trainingMetrics', 'seedStates']),
    );
    expect(packet.properties['timestampNs']).toMatchObject({ type: ['string', 'integer'] });
    expect(packet.properties['trainingLoss']).toMatchObject({ type: ['number', 'string'], maxLength: 64 });
    const envelope = jsonSchemaOf('BusEnvelope') as { readonly properties: Readonly<Record<string, Node>> };
    expect(envelope.properties['payload']).toMatchObject({ type: 'string', contentEncoding: 'base64' });
  });
});
