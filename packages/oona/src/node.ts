export { systemTimers } from './adapters/system-timers.js';
