import { readFileSync } from 'node:fs';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createKeyRing, createSealer } from '../src/index.js';
import { hmacKey } from '../src/node.js';
import { makeBench, makeKey, pauseDraft, START_MS, verdict } from './support/fixtures.js';

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index);
const KEY = makeKey('example-1', { material: hmacKey(SECRET) });

/** Frozen: an envelope that was sealed once must verify for ever. Add, never change. */
const GOLDEN =
  '45534331012038a16597d09de8a5dafec16a3b6b993db6841f4aedaf99c5144c8647e72faf550000001065737065722e636f6d6d616e642e7631' +
  '0000000a096578616d706c652d310000000572756e2d31000000076b61736d696e6100000030' +
  '11111111222243338444555555555555000000000000000100000000000000070000018bcfe568000000018bcfe5dd30' +
  '0000008b85ab616e6e6f746174696f6e7381ab7269736b5f726561736f6eaa6c6f73735f7370696b65ab636f6d6d616e6454797065a55041555345' +
  'a86465636973696f6e81a8736563757269747982b166726573686e65737357696e646f774d73cdea60a66b657949647391a96578616d706c652d31' +
  'a86973737565644279a674616d69796fa776657273696f6e01';

describe('envelope version 1', () => {
  it('SV-05: the bytes are defined by this package alone, and are these', () => {
    const sealer = createSealer({
      keyRing: createKeyRing([KEY]),
      clock: new FakeClock(START_MS),
      ids: { commandId: () => '11111111-2222-4333-8444-555555555555' },
    });
    const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, sequence: 7, expiresInMs: 30_000 };
    expect(Buffer.from(sealer.seal(pauseDraft, request).bytes).toString('hex')).toBe(GOLDEN);
  });

  it('the frozen bytes verify', async () => {
    const { verifier } = makeBench({ keys: [KEY] });
    expect(await verdict(verifier, new Uint8Array(Buffer.from(GOLDEN, 'hex')))).toBe('ok');
  });

  it('the document shows the frozen bytes', () => {
    const document = readFileSync(new URL('../../../docs/formats/command-v1.md', import.meta.url), 'utf8');
    expect(document.replace(/[^0-9a-f]/g, '')).toContain(GOLDEN);
  });
});
