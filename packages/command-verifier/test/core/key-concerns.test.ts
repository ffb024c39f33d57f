import { unixMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { createKeyRing, type KeyConcern, keyConcerns, type TrustedKey } from '../../src/index.js';
import { ed25519PublicKey } from '../../src/node.js';
import { DAY_MS, makeKey, START_MS } from '../support/fixtures.js';

const NOTICE_MS = 14 * DAY_MS;
const PUBLIC_PEM =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----';

describe('what an operator has to act on', () => {
  const good = makeKey('good', { notAfterMs: START_MS + NOTICE_MS });
  const ending = makeKey('ending', { notAfterMs: START_MS + NOTICE_MS - 1 });
  const over = makeKey('over', { notAfterMs: START_MS - 1 });
  const publicHalf = makeKey('public', { notAfterMs: START_MS + NOTICE_MS, material: ed25519PublicKey(PUBLIC_PEM) });

  it.each<readonly [string, readonly TrustedKey[], readonly KeyConcern[]]>([
    ['a key that signs for long enough: nothing', [good], []],
    ['an empty ring', [], [{ kind: 'no_signing_key' }]],
    ['keys that wait or are retired', [makeKey('a', { state: 'next' })], [{ kind: 'no_signing_key' }]],
    ['a public half alone', [publicHalf], [{ kind: 'no_signing_key' }]],
    ['the only key ends soon', [ending], [{ kind: 'runs_out_soon', keyId: 'ending' }]],
    ['one ends soon, another does not', [ending, good], []],
    ['one is over, another signs', [over, good], [{ kind: 'not_valid', keyId: 'over' }]],
    ['all are over', [over], [{ kind: 'no_signing_key' }, { kind: 'not_valid', keyId: 'over' }]],
    ['a retired key that is over', [{ ...over, state: 'retired' }, good], []],
  ])('%s', (_, keys, concerns) => {
    expect(keyConcerns(createKeyRing(keys).ages(unixMs(START_MS)), NOTICE_MS)).toEqual(concerns);
  });
});
