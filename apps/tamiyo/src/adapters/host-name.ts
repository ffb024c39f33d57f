import { hostname } from 'node:os';
import type { ResolvedConfig } from '../config/resolve.js';

/** What this host is called among those on one Redis: as configured, else the name of the machine. */
export const hostNameOf = ({ values }: Pick<ResolvedConfig, 'values'>): string =>
  values['sharing.hostName'] ||
  hostname()
    .replace(/[^\w.-]/g, '_')
    .slice(0, 64);
