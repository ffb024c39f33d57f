import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const SECRET = 'a secret of at least thirty-two bytes, for tests';

function tamiyo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const argv = ['--import', 'tsx', '--conditions=@esper/source', CLI, ...args];
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, argv, { env: { PATH: process.env['PATH'] ?? '', ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}

describe('tamiyo', () => {
  it('a reader that goes away is no failure: | head ends a command as it would have ended', async () => {
    const argv = ['--import', 'tsx', '--conditions=@esper/source', CLI, 'config', 'show'];
    const child = spawn(process.execPath, argv, { env: { PATH: process.env['PATH'] ?? '' } });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('policy init makes a bundle that policy inspect verifies; one changed byte is refused with a next step', async () => {
    const folder = await tempFolder();
    const out = join(folder.path, 'policy');
    const env = { ESPER_LEYLINE_SECRET: SECRET };
    const made = await tamiyo(
      ['policy', 'init', '--seed', '3', '--action-prior', 'seed=0.5,pause=0.5', '--out', out, '--json'],
      env,
    );
    expect(made.code, made.stderr).toBe(0);
    const { digest } = JSON.parse(made.stdout) as { digest: string };
    const seen = await tamiyo(['policy', 'inspect', '--bundle', out, '--json'], env);
    expect(JSON.parse(seen.stdout)).toMatchObject({
      digest,
      goldenCases: 2,
      manifest: {
        actionChoice: 'sampled',
        origin: { kind: 'untrained', seed: 3, actionPrior: { seed: 0.5, pause: 0.5 } },
      },
    });

    const model = await readFile(join(out, 'policy.onnx'));
    model[model.length >> 1] = (model[model.length >> 1] ?? 0) ^ 1;
    await writeFile(join(out, 'policy.onnx'), model);
    const refused = await tamiyo(['policy', 'inspect', '--bundle', out], env);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('BUNDLE_DIGEST_MISMATCH');
    expect(refused.stderr).toContain('next: ');
    const foreign = await tamiyo(['policy', 'inspect', '--bundle', out], {
      ESPER_LEYLINE_SECRET: `${SECRET} of somebody else`,
    });
    expect(foreign.stderr).toContain('BUNDLE_SIGNATURE_INVALID');
    await folder.remove();
  }, 120_000);

  it('DP-12: without a key nothing is signed, and the error says where a key comes from', async () => {
    const refused = await tamiyo(['policy', 'init', '--out', '/nonexistent']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('error KEYS_MISSING') });
    expect(refused.stderr).toContain('ESPER_LEYLINE_SECRET');
  }, 60_000);

  it('wrong usage exits with 2, wrong values with 1, and neither writes to stdout', async () => {
    expect(await tamiyo(['polcy'])).toMatchObject({ code: 2, stdout: '' });
    const prior = await tamiyo(['policy', 'init', '--action-prior', 'seed=0.9'], { ESPER_LEYLINE_SECRET: SECRET });
    expect(prior).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('sum to 0.9') });
    const set = await tamiyo(['config', 'show', '--set', 'deadlines.inferenceMs']);
    expect(set).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('error OPTION_INVALID: --set takes'),
    });
    const config = await tamiyo(['config', 'show', '--set', 'deadlines.inferncMs=3']);
    expect(config).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('did you mean deadlines.inferenceMs?'),
    });
  }, 60_000);
});
