import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, MESSAGE_KINDS, toJson } from '../../src/index.js';
import { SAMPLES } from './samples.js';

/** The first line of a golden file says what it is, the rest is hex, or JSON. */
const golden = (file: string): string =>
  readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8')
    .split('\n')
    .slice(1)
    .join('')
    .trim();

describe('frozen bytes', () => {
  for (const kind of MESSAGE_KINDS) {
    it(`${kind} is encoded as it always was, and reads back`, () => {
      const bytes = Uint8Array.from(Buffer.from(golden(`${kind}.hex`), 'hex'));
      expect(Buffer.from(encodeMessage(kind, SAMPLES[kind])).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
      expect(decodeMessage(kind, bytes)).toEqual({ ok: true, value: SAMPLES[kind] });
    });
  }

  it('the JSON form is written as it always was', () => {
    expect(toJson('SystemStatePacket', SAMPLES.SystemStatePacket)).toBe(golden('SystemStatePacket.json.txt'));
  });
});
