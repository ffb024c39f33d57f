import { createHash } from 'node:crypto';

/** What parent and child agree on about a payload; nothing the log itself computes. */
export const payloadSum = (payload: Uint8Array): string =>
  createHash('sha256').update(payload).digest('hex').slice(0, 16);
