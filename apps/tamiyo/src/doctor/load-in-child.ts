import { execFile } from 'node:child_process';

const LOAD_MS = 30_000;
/** Marks the version on stdout, so that nothing else there is taken for it. */
const LOAD = `import(process.argv[1]).then(({ default: ort }) => {
  if (typeof ort.InferenceSession?.create !== 'function') throw new Error('it has no InferenceSession');
  process.stdout.write('version ' + ort.env.versions.node);
});`;

/**
 * Loads the inference runtime at `entry` (a file URL) in a process of its own, which a library that does not fit the machine
 * may take down. Resolves with its version; rejects with what the runtime said, or with how the process ended.
 */
export function loadInChild(entry: string): Promise<string> {
  const argv = ['--input-type=module', '--eval', LOAD, entry];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, { timeout: LOAD_MS }, (error, stdout, stderr) => {
      const version = /version (\S+)$/.exec(stdout)?.[1];
      if (error === null && version !== undefined) return resolve(version);
      const ended = `the process that loaded it ended with ${error?.signal ?? error?.code ?? 'nothing to say'}`;
      reject(new Error(reasonIn(stderr) ?? ended));
    });
  });
}

const reasonIn = (stderr: string): string | undefined => /^\w*Error: .*$/m.exec(stderr)?.[0].slice(0, 400);
