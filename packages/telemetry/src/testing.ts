export { type BusMood, MemoryBus, type TakenMessage } from './testing/memory-bus.js';
export { MemoryExporter } from './testing/memory-exporter.js';
export { MemoryTelemetryJournal } from './testing/memory-journal.js';
