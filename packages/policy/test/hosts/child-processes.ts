import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** True where the tests below can look at processes. */
export const HAS_PROC = existsSync('/proc/self/task');

/** Children of a process, by pid. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOfThread(`/proc/${pid}/task/${task}/children`));
}

function childrenOfThread(file: string): readonly number[] {
  try {
    const list = readFileSync(file, 'utf8').trim();
    return list === '' ? [] : list.split(' ').map(Number);
  } catch {
    // The thread has ended between the listing and the look.
    return [];
  }
}

/** True while the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Polls until `holds`; throws after a bound that is far beyond any wait that is expected. */
export async function until(what: string, holds: () => boolean, limitMs = 20_000): Promise<void> {
  const endAt = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endAt) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
