import { describe, expect, it } from 'vitest';
import { createKeyRing, explainCommand, VERIFICATION_RULES, type VerifierOptions } from '../../src/index.js';
import { makeBench, makeKey, START_MS, verdict } from '../support/fixtures.js';
import { type Forgery, forge } from '../support/forge.js';

const explain = (bytes: Uint8Array, options: VerifierOptions = {}) => {
  const { ring, clock } = makeBench({ keys: [makeKey('key-a'), makeKey('old', { notAfterMs: 1, notBeforeMs: 0 })] });
  return explainCommand(bytes, {
    keyRing: ring,
    clock,
    audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    options,
  });
};

describe('explain', () => {
  it.each<readonly [string, Forgery, string | undefined]>([
    ['ok', {}, undefined],
    ['wrong_domain', { domain: 'x' }, 'envelope'],
    ['malformed_envelope', { keyIds: ['a', 'a'], signatures: [new Uint8Array(32), new Uint8Array(32)] }, 'envelope'],
    ['missing_signature', { keyIds: [], signatures: [] }, 'envelope'],
    ['key_not_valid', { keys: [makeKey('old')] }, 'key'],
    ['unknown_key', { keys: [makeKey('stranger')] }, 'key'],
    ['invalid_signature', { signatures: [new Uint8Array(32)] }, 'signature'],
    ['malformed_header', { header: new Uint8Array(3) }, 'header'],
    ['wrong_audience', { run: 'run-2' }, 'audience'],
    ['stale_command', { issuedAtMs: 1n }, 'freshness'],
    ['malformed_payload', { payload: Uint8Array.of(0xc1) }, 'payload'],
  ])('%s fails at its rule', (reason, forgery, rule) => {
    const { reason: told, rules } = explain(forge(forgery));
    const failsAt = rule === undefined ? VERIFICATION_RULES.length : VERIFICATION_RULES.indexOf(rule as never);
    expect(told).toBe(reason);
    const before = (rule: string) => (rule === 'replay' ? 'not judged' : 'holds');
    expect(rules.map(({ verdict: each }) => each)).toEqual(
      VERIFICATION_RULES.map((each, index) =>
        index < failsAt ? before(each) : index === failsAt ? 'fails' : 'not reached',
      ),
    );
  });

  it('a key may not issue every type of command', () => {
    const keyRing = createKeyRing([makeKey('key-a', { commandTypes: ['SEED'] })]);
    const { clock } = makeBench();
    const audience = { trainingRunId: 'run-1', consumer: 'kasmina' };
    const { reason, rules, command } = explainCommand(forge(), { keyRing, clock, audience });
    expect([reason, rules.at(-1)?.verdict, command]).toEqual(['command_not_allowed', 'fails', undefined]);
  });

  it('says which bytes each rule looks at, as far as the bytes tell', () => {
    const bytes = forge();
    const spanOf = (given: Uint8Array, rule: string) => explain(given).rules.find((each) => each.rule === rule)?.span;
    const text = (rule: string) => {
      const span = spanOf(bytes, rule);
      return Buffer.from(bytes.subarray(span?.from, span?.to)).toString('latin1');
    };
    expect(spanOf(bytes, 'size')).toEqual({ from: 0, to: bytes.length });
    expect(text('envelope').slice(0, 5)).toBe('ESC1\x01');
    expect(text('envelope').endsWith(text('key'))).toBe(true);
    expect(text('key')).toBe('\0\0\0\x06\x05key-a');
    expect(text('signature').startsWith('\0\0\0\x10esper.command.v1')).toBe(true);
    expect(spanOf(bytes, 'signature')?.to).toBe(bytes.length);
    expect(text('audience')).toBe('run-1\0\0\0\x07kasmina');
    for (const rule of ['header', 'freshness', 'replay']) expect(text(rule)).toHaveLength(48);
    for (const rule of ['payload', 'rights']) expect(text(rule)).toContain('annotations');
    expect(spanOf(new Uint8Array(7), 'envelope')).toEqual({ from: 0, to: 7 });
    expect(spanOf(new Uint8Array(7), 'key')).toBeUndefined();
    const cut = forge({ header: new Uint8Array(3) });
    expect(spanOf(cut, 'header')?.to).toBe(cut.length);
    expect(spanOf(cut, 'payload')).toBeUndefined();
  });

  it('shows the command when every rule holds, and only then', () => {
    expect(explain(forge()).command).toMatchObject({ commandType: 'PAUSE', trainingRunId: 'run-1', sequence: 1 });
    expect(explain(forge({ issuedAtMs: 1n }))).not.toHaveProperty('command');
  });

  it('names the stretches of the bytes', () => {
    const bytes = forge();
    const { parts } = explain(bytes);
    expect(parts.map(({ name, says }) => `${name}: ${says}`)).toEqual([
      'signature: by key key-a',
      'training run: "run-1"',
      'consumer: "kasmina"',
      `header: command 11111111-2222-4333-8444-555555555555, epoch 1, sequence 1, issued ${START_MS}, expires ${START_MS + 30_000}`,
      expect.stringMatching(/^payload: \d+ bytes of msgpack$/),
    ]);
    expect(Buffer.from(bytes.subarray(parts[1]?.from, parts[1]?.to)).toString()).toBe('run-1');
    expect(parts.at(-1)?.to).toBe(bytes.length);
    expect(parts[0]).toMatchObject({ from: 6, to: 38 });
  });

  it('looks into nothing over the size limit, and copes with anything', () => {
    const tooLarge = explain(forge(), { commandBytesMax: 128 });
    expect(tooLarge).toMatchObject({ reason: 'command_too_large', parts: [] });
    expect(tooLarge.rules[0]).toMatchObject({ rule: 'size', verdict: 'fails' });
    expect(tooLarge.rules.at(-1)).toStrictEqual({ rule: 'rights', verdict: 'not reached' });
    expect(explain(new Uint8Array(7))).toMatchObject({ reason: 'malformed_envelope', parts: [] });
    expect(explain(forge({ header: new Uint8Array(48).fill(255) })).parts[3]?.says).toBe('not readable');
    expect(explain(forge({ run: Uint8Array.of(255) })).parts[1]?.says).toBe('"not UTF-8"');
  });

  it('without keys it fails at the key, and says nothing of bytes around those it was given', () => {
    const around = new Uint8Array(1000);
    const good = forge();
    around.set(good, 300);
    const bytes = around.subarray(300, 300 + good.length);
    const { clock } = makeBench();
    const audience = { trainingRunId: 'run-1', consumer: 'kasmina' };
    const { reason, rules, parts } = explainCommand(bytes, { keyRing: createKeyRing([]), clock, audience });
    expect(reason).toBe('verifier_unavailable');
    expect(rules[2]).toMatchObject({ rule: 'key', verdict: 'fails' });
    expect(parts[0]).toMatchObject({ from: 6, to: 38 });
    const payload = parts.at(-1);
    expect(payload?.says).toBe(`${good.length - (payload?.from ?? 0)} bytes of msgpack`);
  });

  it('claims nothing', async () => {
    const { ring, clock, verifier, sealNext } = makeBench();
    const bytes = sealNext();
    const audience = { trainingRunId: 'run-1', consumer: 'kasmina' };
    for (let n = 0; n < 3; n++) expect(explainCommand(bytes, { keyRing: ring, clock, audience }).reason).toBe('ok');
    expect(await verdict(verifier, bytes)).toBe('ok');
    expect(() =>
      explainCommand(bytes, { keyRing: ring, clock, audience: { trainingRunId: 'r', consumer: '' } }),
    ).toThrow('consumer');
  });
});
