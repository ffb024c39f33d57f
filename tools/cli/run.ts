import { spawn } from 'node:child_process';
import { ROOT } from './workspace.ts';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** `inherit` shows the output; `capture` returns it. */
  readonly output?: 'inherit' | 'capture';
}

export interface RunOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never rejects for a non-zero exit; `code` is 128 + signal number when it was killed. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunOutcome> {
  return new Promise((resolve, reject) => {
    const capture = options.output === 'capture';
    const child = spawn(command, [...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout?.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({
        code: code ?? (signal === 'SIGINT' ? 130 : 137),
        stdout: Buffer.concat(parts.stdout).toString('utf8'),
        stderr: Buffer.concat(parts.stderr).toString('utf8'),
      });
    });
  });
}
