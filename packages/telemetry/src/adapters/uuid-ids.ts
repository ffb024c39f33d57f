import { randomUUID } from 'node:crypto';
import type { MessageIds } from '../ports.js';

/** Random UUIDs. */
export const uuidIds: MessageIds = Object.freeze({ messageId: () => randomUUID() });
