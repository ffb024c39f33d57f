import { runLogFolder } from './testing/vectors/log-runner.js';
import { runOutcomeLine } from './testing/vectors/outcome-runner.js';
import { runSidecarLine } from './testing/vectors/sidecar-runner.js';
import { runWindowsLine } from './testing/vectors/windows-runner.js';

export { deviations } from './testing/vectors/deviations.js';
export type { VectorFolder } from './testing/vectors/log-runner.js';
export type { Deviation, VectorOutcome } from './testing/vectors/vector-values.js';

/** Compare one line of a vector file with ours. Keyed by the file's name without extension. */
export const vectorRunners = {
  'field-report-outcome': runOutcomeLine,
  'observation-windows': runWindowsLine,
  sidecars: runSidecarLine,
} as const;

/** Compare a folder of vectors with ours. */
export const folderRunners = { wal: runLogFolder } as const;
