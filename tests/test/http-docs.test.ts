import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/cli/workspace.ts';

const page = readFileSync(join(ROOT, 'docs/http-api.md'), 'utf8');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** What `pnpm tamiyo` runs, from the sources; with the deadlines of a busy machine, and on a port that is free. */
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;
const TAMIYO = `${process.execPath} --import ${TSX} --conditions=@esper/source ${join(ROOT, 'apps/tamiyo/src/cli.ts')}`;
const PATIENT = '--set deadlines.inferenceMs=5000 deadlines.metadataMs=5000 deadlines.decisionMs=20000 http.port=0';

/** The block behind a marker of the page. */
function block(name: string): string {
  const found = new RegExp(`<!-- executed: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/http-api.md has no block "${name}"`);
  return found;
}
const readmeBlocks = [
  ...(/^## Serve it$([\s\S]*?)^## /m.exec(readme)?.[1] ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm),
].map((match) => match[1] ?? '');

describe('docs/http-api.md and "Serve it" in the README, as a new user types them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tamiyo-http-docs-'));
  const secret = 'ab'.repeat(32);
  let server: ChildProcess;
  let address = '';

  /** Runs a block in the folder, against the host that was started here. */
  const run = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const script = text
        .replaceAll('http://127.0.0.1:8690', address)
        .replaceAll('train_with_tamiyo.py', `train_with_tamiyo.py --address ${address}`);
      const env = { ...process.env, ESPER_LEYLINE_SECRET: secret, PYTHONDONTWRITEBYTECODE: '1' };
      execFile('bash', ['-euc', script], { cwd: folder, env }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr, { cause: error }));
      });
    });
  const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;

  beforeAll(async () => {
    symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
    const start = block('start').split('\n').at(1)?.replace('npx -y pnpm@12.21.0 tamiyo', TAMIYO) ?? '';
    expect(start).toContain('serve --init');
    server = spawn('bash', ['-euc', `exec ${start} ${PATIENT}`], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ESPER_LEYLINE_SECRET: secret },
    });
    address = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = /^Tamiyo serves (http:\S+)$/m.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
      server.once('close', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
    });
  });

  afterAll(async () => {
    if (server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('close', resolve));
      server.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true });
  });

  it('a packet gets a command', async () => {
    expect(lastLine(await run(block('ask')))).toMatchObject({ trainingRunId: 'run-1', sequence: 1, repeated: false });
  });

  it('the README’s packet gets a command too, and it starts the host as the page does', async () => {
    expect(readmeBlocks).toHaveLength(2);
    for (const line of block('start').trim().split('\n')) expect(readmeBlocks[0]).toContain(line);
    expect(lastLine(await run(readmeBlocks[1] ?? ''))).toMatchObject({
      trainingRunId: 'run-1',
      envelope: expect.any(String),
    });
  });

  it('a broken packet gets a problem that says where, and what to do', async () => {
    expect(lastLine(await run(block('break')))).toMatchObject({
      status: 422,
      code: 'PACKET_INVALID',
      detail: expect.stringContaining('trainingRunId'),
      next: expect.stringContaining('field'),
    });
  });

  it('runs, readiness and metrics are there', async () => {
    const out = await run(block('look'));
    for (const part of ['"runs":["run-1"]', '"ready":true', 'tamiyo_http_requests_total']) expect(out).toContain(part);
  });

  it('an order is answered with the run it holds', async () => {
    expect(lastLine(await run(block('order')))).toMatchObject({ hold: { why: 'the loss looks odd' } });
  });

  it('the Python client trains', async () => {
    expect(lastLine(await run(block('python')))).toMatchObject({ steps: 100 });
  });

  it('the wrong setting it names is refused as it says', async () => {
    const refused = await run(`${TAMIYO} serve --set http.prot=1`).catch((cause: Error) => cause.message);
    expect(refused).toContain('did you mean http.port?');
  });
});
