import { AdaptationCommandSchema, canonicalBytes, compareMapKeys } from '@esper/leyline/protobuf';
import { describe, expect, it } from 'vitest';
import { REFUSAL_LEVELS } from '../../src/index.js';
import { makeBench, makeKey, verdict } from '../support/fixtures.js';
import { forge } from '../support/forge.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('D-32: the prototype’s replay protection', () => {
  it('D-32: a command sent ahead of its time is accepted when it is due, not refused as a replay', async () => {
    const { clock, verifier, sealNext } = makeBench();
    clock.advance(10_000);
    const early = sealNext();
    clock.jumpWall(-8000);
    expect(await verdict(verifier, early)).toBe('issued_in_future');
    clock.advance(3000);
    expect(await verdict(verifier, early)).toBe('ok');
    expect(await verdict(verifier, early)).toBe('nonce_replayed');
  });

  it('D-32: stale, undated and foreign commands take no room in the memory', async () => {
    const { clock, verifier, sealNext } = makeBench({ replay: { capacity: 1 } });
    const stale = sealNext({ expiresInMs: 3_600_000 });
    clock.advance(60_001);
    for (let n = 0; n < 5; n++) expect(await verdict(verifier, stale)).toBe('stale_command');
    for (let n = 0; n < 5; n++)
      expect(await verdict(verifier, forge({ keys: [makeKey('stranger')] }))).toBe('unknown_key');
    expect(await verdict(verifier, forge({ issuedAtMs: 0n }))).toBe('missing_timestamp');
    expect(await verdict(verifier, sealNext())).toBe('ok');
  });

  it('D-32: a command without an id, or from the future, is CRITICAL', () => {
    expect([REFUSAL_LEVELS.missing_command_id, REFUSAL_LEVELS.issued_in_future]).toEqual(['CRITICAL', 'CRITICAL']);
  });

  it('D-32: at capacity a fresh nonce is never evicted, so nothing is accepted again', async () => {
    const { verifier, sealNext } = makeBench({ replay: { capacity: 3 } });
    const sent = Array.from({ length: 10 }, () => sealNext());
    const verdicts: string[] = [];
    for (const bytes of sent) verdicts.push(await verdict(verifier, bytes));
    expect(verdicts).toEqual([...Array(3).fill('ok'), ...Array(7).fill('replay_memory_full')]);
    for (const bytes of sent) expect(await verdict(verifier, bytes)).not.toBe('ok');
  });

  it('D-32: the lifetime of a nonce follows the monotonic clock and freshness the wall clock, and no step opens a gap', async () => {
    const { clock, verifier, sealNext } = makeBench();
    clock.advance(10_000_000);
    const bytes = sealNext();
    expect(await verdict(verifier, bytes)).toBe('ok');
    clock.jumpWall(3_600_000);
    expect(await verdict(verifier, bytes)).toBe('stale_command');
    clock.jumpWall(-3_600_000);
    expect(await verdict(verifier, bytes)).toBe('nonce_replayed');
    clock.advance(301_000);
    expect(await verdict(verifier, sealNext())).toBe('ok');
    clock.jumpWall(-301_000);
    expect(await verdict(verifier, bytes)).not.toBe('ok');
  });
});

describe('D-41: bytes that depend on a library', () => {
  it('D-41: the order of map keys is ours, longest first where one begins another', () => {
    const keys = ['a', 'aa', '', 'b', 'ab', 'é', 'alpha_vec', 'alpha_vec_len', '\u{10000}', '\uffff'].map(bytesOf);
    const sorted = keys.sort(compareMapKeys).map((key) => new TextDecoder().decode(key));
    expect(sorted).toEqual(['aa', 'ab', 'alpha_vec_len', 'alpha_vec', 'a', 'b', 'é', '\uffff', '\u{10000}', '']);
  });

  it('D-41: whatever order the entries come in, the canonical bytes are the same', () => {
    const entry = (key: string) => [0xa2, 0x01, key.length + 5, 0x0a, key.length, ...bytesOf(key), 0x12, 0x01, 0x76];
    const names = ['blend_mode', 'blend_mode_source', 'a', '1', '__proto__'];
    const forward = canonicalBytes(AdaptationCommandSchema, Uint8Array.from(names.flatMap(entry)));
    const backward = canonicalBytes(AdaptationCommandSchema, Uint8Array.from(names.toReversed().flatMap(entry)));
    expect(forward).toEqual(backward);
    expect(forward.ok && forward.value.length).toBe(names.flatMap(entry).length);
  });
});
