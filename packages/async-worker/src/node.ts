export { nodeWorkerPorts, systemTimers } from './adapters/node-ports.js';
