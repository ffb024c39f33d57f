import type { EmergencyLevel } from './enums.js';

/** Something is wrong enough to tell every subsystem. HALT stops training. */
export interface EmergencySignal {
  readonly version: 1;
  readonly level: EmergencyLevel;
  readonly reason: string;
  readonly origin: string;
  readonly triggeredAtMs: number;
  readonly monotonicTimeMs: number;
  readonly trainingRunId: string;
  readonly attributes: Readonly<Record<string, string>>;
}
