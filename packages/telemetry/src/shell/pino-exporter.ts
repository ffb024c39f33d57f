import { type LogLevel, logLines } from '../core/log-lines.js';
import type { TelemetryExporter } from '../ports.js';

/** Who writes the lines: a pino logger is one, and so is anything with its four methods. */
export type LineLogger = Readonly<Record<LogLevel, (fields: object, message: string) => void>>;

/** An exporter that writes structured logs: `tamiyo.decision` for each decision, and one line for each event under its log name. */
export function createPinoExporter(logger: LineLogger): TelemetryExporter {
  return {
    name: 'pino',
    export: (packet) => {
      for (const { level, message, fields } of logLines(packet)) logger[level](fields, message);
    },
  };
}
