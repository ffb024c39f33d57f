import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** A consumer name that no other process has: host, process and chance. */
export const uniqueConsumer = (): string =>
  `${hostname()
    .replace(/[^\x21-\x7e]/g, '_')
    .slice(0, 64)}-${process.pid}-${randomUUID().slice(0, 8)}`;
