export { systemTimers } from './adapters/system-timers.js';
export { uuidIds } from './adapters/uuid-ids.js';
