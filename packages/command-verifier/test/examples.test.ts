import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unixMs } from '@esper/std';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createKeyRing, createReplayGuard, createVerifier } from '../src/index.js';
import { hmacKey } from '../src/node.js';
import { makeKey, START_MS, verdict } from './support/fixtures.js';

const folder = new URL('../../../examples/', import.meta.url);
const vectorsPath = fileURLToPath(new URL('command-vectors.json', folder));
const checkerPath = fileURLToPath(new URL('verify_command.py', folder));

interface Vectors {
  readonly keys: Readonly<Record<string, string>>;
  readonly run: string;
  readonly consumer: string;
  readonly cases: readonly {
    readonly name: string;
    readonly now: number;
    readonly expect: string;
    readonly envelope: string;
  }[];
}
const vectors = JSON.parse(readFileSync(vectorsPath, 'utf8')) as Vectors;
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

const python = (args: readonly string[]) => spawnSync('python3', args, { encoding: 'utf8', timeout: 20_000 });
const hasPython = python(['--version']).status === 0;

describe('vectors for other languages', () => {
  it('say what this verifier says', async () => {
    const keys = Object.entries(vectors.keys).map(([keyId, secret]) =>
      makeKey(keyId, { material: hmacKey(bytesOf(secret)) }),
    );
    let now = START_MS;
    const mono = new FakeClock();
    const clock = { wallMs: () => unixMs(now), monoMs: () => mono.monoMs() };
    const audience = { trainingRunId: vectors.run, consumer: vectors.consumer };
    const verifier = createVerifier({
      keyRing: createKeyRing(keys),
      clock,
      replay: createReplayGuard({ clock }),
      audience,
    });
    for (const given of vectors.cases) {
      now = given.now;
      expect(await verdict(verifier, bytesOf(given.envelope)), given.name).toBe(given.expect);
    }
  });

  it('hold a near miss for every reason a stranger can cause', () => {
    const reasons = new Set(vectors.cases.map((given) => given.expect));
    expect(reasons.size).toBe(16);
  });

  it.skipIf(!hasPython)('the Python checker agrees on every vector', () => {
    const { status, stdout, stderr } = python([checkerPath, vectorsPath]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(vectors.cases.length);
  });
});
