export type { LogLevel } from './core/log-lines.js';
export { createPinoExporter, type LineLogger } from './shell/pino-exporter.js';
