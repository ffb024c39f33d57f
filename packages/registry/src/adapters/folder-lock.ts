import { open, readFile, rm } from 'node:fs/promises';
import { RegistryError, type RegistryErrorCode } from '../errors.js';

/** Takes a folder for this process. */
export interface FolderLock {
  release(): Promise<void>;
}

const ATTEMPTS_MAX = 3;

/**
 * Creates the lock file with this process's number. A lock whose process is gone is taken over; one that lives rejects
 * with `code`. Guards against mistakes on one machine, not against other machines on a shared disk.
 */
export async function lockFolder(path: string, code: RegistryErrorCode): Promise<FolderLock> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      const file = await open(path, 'wx', 0o644);
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && isAlive(holder)) throw new RegistryError(code, `${path} is held by process ${holder}`);
    await rm(path, { force: true });
  }
  throw new RegistryError(code, `${path} could not be taken in ${ATTEMPTS_MAX} attempts`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it lives and belongs to someone else.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
