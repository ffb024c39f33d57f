import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyRing, createReplayGuard, createSealer, createVerifier } from '@esper/command-verifier';
import { loadKeyFolder, randomIds } from '@esper/command-verifier/node';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keysNoun, spanText } from '../../src/cli/keys.js';
import { runNoun } from '../support/run-noun.js';

const SECRET = 'a secret of at least thirty-two bytes, for tests';
const DAY_MS = 86_400_000;
let folder = '';
let remove = async (): Promise<void> => undefined;

beforeEach(async () => {
  const temporary = await tempFolder('cli-keys-');
  remove = temporary.remove;
  folder = join(temporary.path, 'ring');
});
afterEach(() => remove());

const keys = (...argv: readonly string[]) => runNoun(keysNoun, ['keys', ...argv], { TAMIYO_KEY_FOLDER: folder });
const json = async (...argv: readonly string[]) => {
  const outcome = await keys(...argv, '--json');
  return { code: outcome.code, value: JSON.parse(outcome.stdout) as Record<string, never> };
};

describe('tamiyo keys rotate', () => {
  it('makes the folder and a first key that signs at once; others can read neither', async () => {
    const first = await json('rotate', '--id', 'first');
    expect(first).toMatchObject({ code: 0, value: { step: 'first', keyId: 'first', algorithm: 'ed25519' } });
    expect(first.value['publicKey']).toContain('BEGIN PUBLIC KEY');
    expect((await stat(folder)).mode & 0o077).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['first.private.pem', 'keys.json']);
    expect(await json('list')).toMatchObject({ value: { keys: [{ keyId: 'first', signs: true, valid: true }] } });
  });

  it('stages, then promotes: at every step each side verifies what the other signs', async () => {
    await keys('rotate', '--id', 'first');
    const issuer = createKeyRing(await loadKeyFolder(folder));
    const consumer = createKeyRing(await loadKeyFolder(folder));
    const audience = { trainingRunId: 'run-1', consumer: 'kasmina' };
    const sealer = createSealer({ keyRing: issuer, clock: systemClock, ids: randomIds });
    const replay = createReplayGuard({ clock: systemClock });
    const verifier = createVerifier({ keyRing: consumer, clock: systemClock, replay, audience });
    const signers: string[] = [];
    let sequence = 0;
    const send = async () => {
      sequence += 1;
      const draft = { version: 1, commandType: 'PAUSE', issuedBy: 'tamiyo', annotations: {} } as const;
      const sealed = sealer.seal(draft, { ...audience, issuerEpoch: 1, sequence, expiresInMs: 30_000 });
      signers.push(sealed.keyIds.join());
      expect(await verifier.verify(sealed.bytes)).toMatchObject({ ok: true });
    };
    await send();
    const staged = await keys('rotate', '--id', 'second');
    expect(staged.stdout).toContain('tamiyo keys rotate --promote second');
    consumer.replace(await loadKeyFolder(folder));
    await send();
    expect((await keys('rotate', '--promote', 'second')).code).toBe(0);
    await send();
    issuer.replace(await loadKeyFolder(folder));
    await send();
    consumer.replace(await loadKeyFolder(folder));
    await send();
    expect(signers).toEqual(['first', 'first', 'first', 'second', 'second']);
    const { value } = await json('list');
    expect(value['keys']).toMatchObject([
      { keyId: 'first', state: 'retired', signs: false, valid: true },
      { keyId: 'second', state: 'current', signs: true },
    ]);
  });

  it('a second staged key, an unknown one and a short overlap are refused with a next step', async () => {
    await keys('rotate', '--id', 'first', '--algorithm', 'hmac-sha256');
    await keys('rotate', '--id', 'second');
    const before = await readFile(join(folder, 'keys.json'), 'utf8');
    expect(await keys('rotate')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('second is staged already: tamiyo keys rotate --promote'),
    });
    for (const [argv, message] of [
      [['--promote', 'first'], 'first is not a valid next key'],
      [['--promote', 'second', '--overlap-seconds', '64'], '--overlap-seconds takes a whole number from 65'],
      [['--valid-days', '0'], '--valid-days takes a whole number from 1'],
    ] as const)
      expect(await keys('rotate', ...argv)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(await readFile(join(folder, 'keys.json'), 'utf8')).toBe(before);
    expect(before.match(/hmac-sha256/g)).toHaveLength(2);
  });

  it('an unknown algorithm makes no key', async () => {
    const refused = await keys('rotate', '--algorithm', 'rsa');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('ed25519 or hmac-sha256') });
    expect(await json('list')).toMatchObject({ value: { keys: [] } });
  });

  it('a secret in the environment cannot be rotated', async () => {
    const refused = await runNoun(keysNoun, ['keys', 'rotate'], { ESPER_LEYLINE_SECRET: SECRET });
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error KEYS_MISSING') });
  });
});

describe('tamiyo keys list and age', () => {
  it('never show a secret', async () => {
    await keys('rotate', '--id', 'first', '--algorithm', 'hmac-sha256');
    const secret = (await readFile(join(folder, 'first.secret'), 'utf8')).trim();
    for (const argv of [['list'], ['age'], ['list', '--json'], ['age', '--json']]) {
      const { stdout, stderr } = await keys(...argv);
      expect(`${stdout}${stderr}`).toContain('first');
      expect(`${stdout}${stderr}`).not.toContain(secret.slice(0, 10));
    }
  });

  it('age says when a key needs a successor, and exits with 3', async () => {
    await keys('rotate', '--id', 'first', '--valid-days', '20');
    expect(await keys('age')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^first .* 19 d left/),
    });
    const soon = await keys('age', '--notice-days', '30');
    expect(soon).toMatchObject({ code: 3, stderr: expect.stringContaining('first runs out soon') });
    await moveDates(-30 * DAY_MS);
    const over = await json('age');
    expect(over).toMatchObject({
      code: 3,
      value: { concerns: [{ kind: 'no_signing_key' }, { kind: 'not_valid', keyId: 'first' }] },
    });
    expect((await keys('list')).stdout).toMatch(/not valid now, ran out 10 d ago/);
  });

  it('a secret of the environment has no age; a short one is refused by name', async () => {
    const seen = await runNoun(keysNoun, ['keys', 'age', '--json'], { ESPER_LEYLINE_SECRET: SECRET });
    expect(JSON.parse(seen.stdout)).toMatchObject({
      source: 'environment',
      keys: [{ ageMs: null, expiresInMs: null }],
    });
    const weak = await runNoun(keysNoun, ['keys', 'list'], { ESPER_LEYLINE_SECRET: 'short' });
    expect(weak).toMatchObject({ code: 1, stderr: expect.stringContaining('error KEY_TOO_SHORT') });
    expect(weak.stderr).not.toContain('short,');
  });

  it('a key that others can read is refused, with what to do', async () => {
    await keys('rotate', '--id', 'first');
    await chmod(join(folder, 'first.private.pem'), 0o644);
    expect(await keys('list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error KEY_FILE_EXPOSED.*next: chmod 600/s),
    });
  });

  it.each([
    [999, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000 + 120_000, '1 h 2 min'],
    [DAY_MS + 3_600_000, '1 d 1 h'],
    [DAY_MS, '1 d'],
    [400 * DAY_MS + 3_600_000, '400 d'],
  ])('%d ms are %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });
});

/** Shifts every date in the key list. */
async function moveDates(byMs: number): Promise<void> {
  const path = join(folder, 'keys.json');
  const moved = (await readFile(path, 'utf8')).replace(/"\d{4}-[^"]*Z"/g, (date) =>
    JSON.stringify(new Date(Date.parse(JSON.parse(date) as string) + byMs)),
  );
  await writeFile(path, moved);
}
