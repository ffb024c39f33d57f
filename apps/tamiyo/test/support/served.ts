import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const ARGV = ['--import', 'tsx', '--conditions=@esper/source', CLI] as const;
export const SECRET = 'a secret of at least thirty-two bytes, for tests';
/** What a busy machine may take for an inference, so that no test depends on its speed. */
const PATIENT = ['--set', 'deadlines.inferenceMs=5000', 'deadlines.metadataMs=5000', 'deadlines.decisionMs=20000'];

/** A host in a process of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly address: string;
  readonly ready: Readonly<Record<string, unknown>>;
  token(name: string): Promise<string>;
  /** Sends a signal and resolves with the exit code, or `null` when the signal ended it. */
  stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>;
  /** What went to stderr so far. */
  stderr(): string;
}

/** `tamiyo serve --json` on any free port; resolves when it says that it is ready. */
export async function serve(
  data: string,
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const args = ['serve', '--json', '--port', '0', '--data', data, '--log-level', 'debug', ...PATIENT, ...more];
  const child = spawn(process.execPath, [...ARGV, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ESPER_LEYLINE_SECRET: SECRET, ...environment },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const line = await Promise.race([firstLine(child), ended.then((code) => `ended with ${code}: ${stderr}`)]);
  if (!line.startsWith('{"type":"ready"')) throw new Error(line);
  const ready = JSON.parse(line) as { readonly addresses: readonly string[] };
  return {
    child,
    address: ready.addresses[0] ?? '',
    ready: ready as unknown as Record<string, unknown>,
    token: async (name) => (await readFile(join(data, 'tokens', name), 'utf8')).trim(),
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
    stderr: () => stderr,
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [line, rest] = text.split('\n', 2);
      if (rest !== undefined && line !== undefined) resolve(line);
    });
  });
}

/** A command of `tamiyo` that ends by itself. */
export function tamiyo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = { ESPER_LEYLINE_SECRET: SECRET },
) {
  return new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', ...env } };
    execFile(process.execPath, [...ARGV, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}

/** The Python client against a host. `secret` is what it verifies with. */
export function python(
  served: Served,
  data: string,
  given: { readonly secret: string; readonly args: readonly string[] },
) {
  const script = fileURLToPath(new URL('../../../../examples/train_with_tamiyo.py', import.meta.url));
  const args = [script, '--address', served.address, '--token-file', join(data, 'tokens', 'trainer'), ...given.args];
  return new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', ESPER_LEYLINE_SECRET: given.secret, PYTHONDONTWRITEBYTECODE: '1' };
    execFile('python3', args, { env }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Record<string, unknown>);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}
