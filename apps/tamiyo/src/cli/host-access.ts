import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/knobs.js';
import { TamiyoError } from '../errors.js';

/** Where a running host answers, and what it is asked with. */
export interface HostAccess {
  readonly url: string;
  readonly token: string;
}

export interface AccessOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** The host of the options, else of the configuration, with the token of a role. Rejects with `HOST_UNREACHABLE`. */
export async function hostAccess(
  values: Config,
  options: AccessOptions,
  role: 'trainer' | 'operator',
): Promise<HostAccess> {
  const url = (options.url ?? `http://${hostText(values['http.host'])}:${values['http.port']}`).replace(/\/+$/, '');
  const tokens = values['http.tokenFolder'] === '' ? join(values.dataDir, 'tokens') : values['http.tokenFolder'];
  const path = options.tokenFile ?? join(tokens, role);
  const token = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TamiyoError('HOST_UNREACHABLE', `cannot read the token ${path}`, { cause });
  });
  return { url, token: token.trim() };
}

const hostText = (host: string): string => (host === '::1' ? '[::1]' : host === 'off' ? '127.0.0.1' : host);
