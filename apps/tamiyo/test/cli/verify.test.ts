import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKeyRing, createSealer } from '@esper/command-verifier';
import { hmacKey, randomIds } from '@esper/command-verifier/node';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyNoun } from '../../src/cli/verify.js';
import { runNoun } from '../support/run-noun.js';

const SECRET = 'a secret of at least thirty-two bytes, for tests';
const ENVIRONMENT = { ESPER_LEYLINE_SECRET: SECRET };
let folder = '';
let remove = async (): Promise<void> => undefined;

beforeEach(async () => {
  const temporary = await tempFolder('cli-verify-');
  remove = temporary.remove;
  folder = temporary.path;
});
afterEach(() => remove());

function seal(consumer = 'kasmina'): Uint8Array {
  const dates = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 2 ** 42 };
  const material = hmacKey(new TextEncoder().encode(SECRET));
  const keyRing = createKeyRing([{ keyId: 'leyline-env', state: 'current', ...dates, material }]);
  const sealer = createSealer({ keyRing, clock: systemClock, ids: randomIds });
  const draft = {
    version: 1,
    commandType: 'PAUSE',
    issuedBy: 'tamiyo',
    annotations: { risk_reason: 'spike' },
  } as const;
  const to = { trainingRunId: 'run-7', consumer, issuerEpoch: 1, sequence: 5, expiresInMs: 60_000 };
  return sealer.seal(draft, to).bytes;
}

async function verify(content: Uint8Array | string, ...argv: readonly string[]) {
  const file = join(folder, 'command');
  await writeFile(file, content);
  return runNoun(verifyNoun, ['verify', file, ...argv], ENVIRONMENT);
}

describe('tamiyo verify', () => {
  it('takes the envelope as it is, in hex and in base64, as often as it is asked', async () => {
    const bytes = seal();
    const hex = Buffer.from(bytes).toString('hex');
    const forms = [
      bytes,
      hex,
      `${hex.toUpperCase().replace(/(.{64})/g, '$1\n')}\n`,
      Buffer.from(bytes).toString('base64'),
    ];
    for (const form of forms.concat(forms))
      expect(await verify(form)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('holds: a PAUSE for run-7'),
      });
  });

  it('a changed byte is refused with exit code 4, what it means and what to do', async () => {
    const bytes = Buffer.from(seal());
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const refused = await verify(bytes);
    expect(refused).toMatchObject({ code: 4, stderr: '' });
    expect(refused.stdout).toMatch(/refused: invalid_signature.*does not match the bytes.*next: /s);
  });

  it('--explain shows each rule, the bytes it looks at, and what they say', async () => {
    const bytes = seal();
    const { stdout, code } = await verify(bytes, '--explain', '--consumer', 'tolaria');
    expect(code).toBe(4);
    expect(stdout).toContain('refused: wrong_audience');
    expect(stdout).toMatch(/signature +holds +bytes 38 to \d+\n/);
    expect(stdout).toMatch(/audience +fails +bytes \d+ to \d+\n +freshness +not reached/);
    expect(stdout).toMatch(/consumer +"kasmina"\n +\d+ to \d+: 6b61736d696e61\n/);
    expect(stdout).toMatch(/header +command .*epoch 1, sequence 5/);
    expect((await verify(bytes)).stdout).not.toContain('Rules, in order');
    expect((await verify('no envelope', '--explain')).stdout).toContain('they are no envelope');
  });

  it('--run and --at choose the audience and the time', async () => {
    const bytes = seal();
    expect((await verify(bytes, '--run', 'run-7')).code).toBe(0);
    expect((await verify(bytes, '--run', 'run-8')).stdout).toContain('wrong_audience');
    const later = Date.now() + 3_600_000;
    expect((await verify(bytes, '--at', String(later))).stdout).toContain('stale_command');
    expect((await verify(bytes, '--at', new Date(later).toISOString())).stdout).toContain('stale_command');
    expect(await verify(bytes, '--at', 'noon')).toMatchObject({ code: 1, stderr: expect.stringContaining('ISO 8601') });
  });

  it('--json prints one object: reason, rules with bytes, parts, and the command when every rule holds', async () => {
    const good = await verify(seal(), '--json');
    expect(good.stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(good.stdout)).toMatchObject({
      reason: 'ok',
      replay: 'not judged',
      rules: expect.arrayContaining([{ rule: 'replay', verdict: 'not judged', span: expect.anything() }]),
      command: { commandType: 'PAUSE', sequence: 5, annotations: { risk_reason: 'spike' } },
    });
    const bad = await verify('', '--json');
    expect(JSON.parse(bad.stdout)).toMatchObject({ reason: 'malformed_envelope', bytes: 0, parts: [] });
  });

  it('a missing file, an oversized one and missing keys are failures, not refusals', async () => {
    const missing = await runNoun(verifyNoun, ['verify', join(folder, 'nothing')], ENVIRONMENT);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot read the command') });
    expect(await verify(new Uint8Array(2 ** 20 + 1))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('at most'),
    });
    expect(await verify(new Uint8Array(262_145))).toMatchObject({ code: 4 });
    const keyless = await runNoun(verifyNoun, ['verify', join(folder, 'command')]);
    expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining('KEYS_MISSING') });
  });

  it('stands in the program', async () => {
    await writeFile(join(folder, 'command'), seal());
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
    const run = (...args: readonly string[]) =>
      new Promise<string>((resolve, reject) => {
        const argv = ['--import', 'tsx', '--conditions=@esper/source', cli, ...args];
        const env = { PATH: process.env['PATH'] ?? '', ...ENVIRONMENT };
        execFile(process.execPath, argv, { env }, (error, stdout) =>
          error === null ? resolve(stdout) : reject(error),
        );
      });
    const [verified, listed] = await Promise.all([run('verify', join(folder, 'command')), run('keys', 'list')]);
    expect(verified).toContain('holds: a PAUSE for run-7');
    expect(listed).toContain('leyline-env');
  });
});
