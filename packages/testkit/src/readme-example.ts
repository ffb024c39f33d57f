import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a program left behind. */
export interface ProgramRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the one `ts` block under `## Example` of a package's README as its own process, on the sources. `folder` is the
 * package's folder. Rejects when there is no such block, or when it is longer than the 15 lines a reader will read.
 */
export async function runReadmeExample(folder: URL): Promise<ProgramRun> {
  const readme = await readFile(new URL('README.md', folder), 'utf8');
  const code = /^## Example\n[\s\S]*?^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1];
  if (code === undefined) throw new Error('the README has no ts block under "## Example"');
  const lines = code.trimEnd().split('\n').length;
  if (lines > 15) throw new Error(`the example has ${lines} lines, at most 15 are allowed`);
  // Inside the package, so that its own name resolves; a dot file, so that no other tool takes it for a source.
  const file = join(fileURLToPath(folder), 'test', `.readme-example-${process.pid}.ts`);
  await writeFile(file, code);
  try {
    return await runProgram(file);
  } finally {
    await rm(file, { force: true });
  }
}

function runProgram(file: string): Promise<ProgramRun> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@esper/source', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
