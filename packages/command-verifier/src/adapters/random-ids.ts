import { randomInt, randomUUID } from 'node:crypto';
import type { IdSource } from '../ports.js';

/** Random UUIDs version 4. */
export const randomIds: IdSource = Object.freeze({ commandId: () => randomUUID() });

/** An unpredictable `hashSeed` for a replay guard. */
export const randomHashSeed = (): number => randomInt(2 ** 32);
