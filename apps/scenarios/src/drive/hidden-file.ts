import { rename } from 'node:fs/promises';
import { isCodedError } from '@esper/std';
import { openHost } from '@esper/tamiyo';
import { prepareScenario } from './scenario-host.js';

/** What became of a start without one of its files. */
export interface StartWithout {
  readonly artefact: string;
  /** The code it was refused with; `started` when it was not. */
  readonly code: string;
  /** What an operator is told to do. */
  readonly next: string;
}

/** Starts a host that never ran before while `artefact` (a path below `dataDir`) is not there, and puts it back. */
export async function startWithout(dataDir: string, artefact: string, hide: boolean): Promise<StartWithout> {
  const { config, files } = await prepareScenario(dataDir);
  const path = `${dataDir}/${artefact}`;
  if (hide) await rename(path, `${path}.hidden`);
  try {
    const host = await openHost({ config, keys: files.keys });
    await host.close();
    return { artefact, code: 'started', next: '' };
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
    return { artefact, code: cause.code, next: cause.next };
  } finally {
    if (hide) await rename(`${path}.hidden`, path);
  }
}
