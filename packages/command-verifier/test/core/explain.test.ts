import { describe, expect, it } from 'vitest';
import { explainCommand, VERIFICATION_RULES, type VerifierOptions } from '../../src/index.js';
import { makeBench, makeKey, START_MS, verdict } from '../support/fixtures.js';
import { type Forgery, forge } from '../support/forge.js';

const explain = (bytes: Uint8Array, options: VerifierOptions = {}) => {
  const { ring, clock } = makeBench();
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
    ['unknown_key', { keys: [makeKey('stranger')] }, 'key'],
    ['invalid_signature', { signatures: [new Uint8Array(32)] }, 'signature'],
    ['malformed_header', { header: new Uint8Array(3) }, 'header'],
    ['wrong_audience', { run: 'run-2' }, 'audience'],
    ['stale_command', { issuedAtMs: 1n }, 'freshness'],
  ])('%s fails at its rule', (reason, forgery, rule) => {
    const { reason: told, rules } = explain(forge(forgery));
    const failsAt = rule === undefined ? VERIFICATION_RULES.length : VERIFICATION_RULES.indexOf(rule as never);
    expect(told).toBe(reason);
    expect(rules.map(({ verdict: each }) => each)).toEqual(
      VERIFICATION_RULES.map((_, index) => (index < failsAt ? 'holds' : index === failsAt ? 'fails' : 'not reached')),
    );
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
    expect(explain(forge(), { commandBytesMax: 128 })).toMatchObject({ reason: 'command_too_large', parts: [] });
    expect(explain(new Uint8Array(7))).toMatchObject({ reason: 'malformed_envelope', parts: [] });
    expect(explain(forge({ header: new Uint8Array(48).fill(255) })).parts[3]?.says).toBe('not readable');
    expect(explain(forge({ run: Uint8Array.of(255) })).parts[1]?.says).toBe('"not UTF-8"');
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
