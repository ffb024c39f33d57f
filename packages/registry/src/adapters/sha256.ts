import { createHash } from 'node:crypto';
import type { Sha256 } from '../ports.js';

/** SHA-256 by the platform, lower-case hex. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
