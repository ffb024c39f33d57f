import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CommandDraft } from '../../../src/index.js';
import {
  AdaptationCommandSchema,
  attachSignature,
  BusEnvelopeSchema,
  canonicalBytes,
  encodeCommand,
  readCommand,
} from '../../../src/protobuf.js';

const ISSUED_AT_MS = 1_700_000_000_123;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const hmac = (bytes: Uint8Array): string => createHmac('sha256', 'test-secret').update(bytes).digest('base64');

interface Golden {
  readonly name: string;
  readonly draft: Omit<CommandDraft, 'version' | 'issuedBy'>;
  readonly bytes: string;
  readonly signature: string;
}

const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const HEAD = '08011224';
const idHex = (n: number): string => Buffer.from(id(n)).toString('hex');
// Seconds 1700000000, nanos 123456000: the prototype's clock has microseconds, ours milliseconds.
const TIME_US = '320b0880e2cfaa06108094ef3a';
const BY = '3a0674616d69796f';
const RUN = 'a201180a0f747261696e696e675f72756e5f6964120572756e2d31';
const MESH_WEIGHT = 'a2011e0a106d6573685f686f73745f6c617965727312';

const GOLDENS: readonly Golden[] = [
  {
    name: 'V1 PAUSE',
    draft: { commandType: 'PAUSE', annotations: { risk_reason: 'loss_spike' } },
    bytes: `${HEAD}${idHex(1)}1805${TIME_US}${BY}a201190a0b7269736b5f726561736f6e120a6c6f73735f7370696b65`,
    signature: 'yqxAPxF0RkrGSMWLcQLGVz/1ZmRnvnZBtva6YQQAjgI=',
  },
  {
    name: 'V2 SEED with parameters',
    draft: {
      commandType: 'SEED',
      targetSeedId: 'seed-1',
      seedOperation: {
        operation: 'GERMINATE',
        blueprintId: 'BP001',
        parameters: { alpha: 0.1, blending_method_index: 0 },
      },
      annotations: { training_run_id: 'run-1', mesh_host_layers: '["weight", "bias"]' },
    },
    bytes:
      `${HEAD}${idHex(2)}18012206736565642d31${TIME_US}${BY}52350801120542503030311a0c0a05616c70686115cdcccc3d` +
      '1a1c0a15626c656e64696e675f6d6574686f645f696e6465781500000000' +
      `a201260a106d6573685f686f73745f6c617965727312125b22776569676874222c202262696173225d${RUN}`,
    signature: 'hQ8y5hkQuYbGpo8hJVA5+m+jtXj3wkWdmjBqjfaiYRk=',
  },
  {
    name: 'V3 CONFIDENCE: two keys that begin another',
    draft: {
      commandType: 'SEED',
      targetSeedId: 'seed-1',
      seedOperation: { operation: 'GERMINATE', blueprintId: 'BP001', parameters: {} },
      annotations: {
        training_run_id: 'run-1',
        mesh_host_layers: '["weight"]',
        blend_mode: 'CONFIDENCE',
        blend_mode_source: 'policy',
        gate_k: '4.0000',
        gate_tau: '0.2000',
        alpha_lo: '0.0000',
        alpha_hi: '1.0000',
        confidence_logits: '[2.0, 1.0]',
        confidence_logits_required: 'true',
      },
    },
    bytes:
      `${HEAD}${idHex(3)}18012206736565642d31${TIME_US}${BY}520908011205425030303` +
      '1a201120a08616c7068615f68691206312e30303030a201120a08616c7068615f6c6f1206302e30303030' +
      'a2011b0a11626c656e645f6d6f64655f736f757263651206706f6c696379a201180a0a626c656e645f6d6f6465120a434f4e464944454e4345' +
      'a201220a1a636f6e666964656e63655f6c6f676974735f7265717569726564120474727565' +
      'a2011f0a11636f6e666964656e63655f6c6f67697473120a5b322e302c20312e305d' +
      'a201100a06676174655f6b1206342e30303030a201120a08676174655f7461751206302e32303030' +
      `${MESH_WEIGHT}0a5b22776569676874225d${RUN}`,
    signature: 'Rznhyd7Fk75KnRylzDVs85ck3qoeF8t8+THWtKpa8Tk=',
  },
  {
    name: 'V4 CHANNEL: one key that begins another',
    draft: {
      commandType: 'SEED',
      targetSeedId: 'seed-1',
      seedOperation: { operation: 'GERMINATE', blueprintId: 'BP001', parameters: {} },
      annotations: {
        training_run_id: 'run-1',
        mesh_host_layers: '["weight"]',
        blend_mode: 'CHANNEL',
        alpha_vec: '[0.2, 0.6, 1.0]',
        alpha_vec_len: '3',
      },
    },
    bytes:
      `${HEAD}${idHex(4)}18012206736565642d31${TIME_US}${BY}52090801120542503030` +
      '31a201120a0d616c7068615f7665635f6c656e120133a2011c0a09616c7068615f766563120f5b302e322c20302e362c20312e305d' +
      `a201150a0a626c656e645f6d6f646512074348414e4e454c${MESH_WEIGHT}0a5b22776569676874225d${RUN}`,
    signature: 'e9xqnuOphJmNlO7GH0KYdHUUnfVZY7ELAow3HVf0iWs=',
  },
  {
    name: 'V5 OPTIMIZER',
    draft: {
      commandType: 'OPTIMIZER',
      optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr_delta: -0.0125 } },
      annotations: {},
    },
    bytes: `${HEAD}${idHex(5)}1803${TIME_US}${BY}5a160a03736764120f0a086c725f64656c746115cdcc4cbc`,
    signature: 'lbExHfCsAdpJqH5/l/x/WI4Fiz9dmQ29TWmDjxe1DrU=',
  },
  {
    name: 'V6 CIRCUIT_BREAKER',
    draft: {
      commandType: 'CIRCUIT_BREAKER',
      circuitBreaker: { desiredState: 'OPEN', rationale: 'policy_action' },
      annotations: {},
    },
    bytes: `${HEAD}${idHex(6)}1804${TIME_US}${BY}62110802120d706f6c6963795f616374696f6e`,
    signature: '3glQrJgeJaEB8CllbLQD+uWTI3iz5nFkckgh151/+P4=',
  },
];

/** Our encoder at millisecond precision, brought to the vector's microseconds by the runtime's own merge rule. */
function encodeAtMicroseconds(draft: CommandDraft, commandId: string): Uint8Array {
  const atMs = encodeCommand(draft, { commandId, issuedAtMs: ISSUED_AT_MS });
  const merged = canonicalBytes(AdaptationCommandSchema, bytesOf(hex(atMs) + TIME_US));
  if (!merged.ok) throw new Error(merged.error);
  return merged.value;
}

describe('golden commands of the prototype', () => {
  it.each(GOLDENS.map((golden, index) => ({ ...golden, index: index + 1 })))(
    '$name',
    ({ draft, bytes, signature, index }) => {
      const full: CommandDraft = { version: 1, issuedBy: 'tamiyo', ...draft };
      const encoded = encodeAtMicroseconds(full, id(index));
      expect(hex(encoded)).toBe(bytes);
      expect(hmac(encoded)).toBe(signature);
      const received = readCommand(attachSignature(encoded, signature));
      if (!received.ok) throw new Error(received.error);
      expect(received.value).toMatchObject({
        signature,
        commandId: id(index),
        issuedAt: { seconds: 1_700_000_000n, nanos: 123_456_000 },
      });
      expect(hex(received.value.signedBytes)).toBe(bytes);
    },
  );

  it('V7 bus envelope', () => {
    const report = '0801120466722d311a03632d31220572756e2d31380142110a0a6c6f73735f64656c746115000080be4801';
    const envelope = bytesOf(`0803122b${report}`);
    const canonical = canonicalBytes(BusEnvelopeSchema, envelope);
    expect(canonical).toEqual({ ok: true, value: envelope });
    expect(hmac(envelope)).toBe('oECjuLVi/aVO65qzM+dlxKEsq7LvMX0RoM7+7UStN7o=');
  });
});
