import { runBreaker } from './breaker-vectors.js';
import type { VectorOutcome } from './compare.js';
import { runGolden, type VectorFolder } from './golden-vectors.js';
import { runRiskSequence, runRiskSingle } from './risk-vectors.js';

/** How to compare one line of each file of recorded behaviour this package knows, by name without extension. */
export const vectorRunners: Readonly<Record<string, (line: unknown) => readonly VectorOutcome[]>> = {
  'risk-single': runRiskSingle,
  'risk-sequences': runRiskSequence,
  breaker: runBreaker,
};

/** The same for folders. */
export const folderRunners: Readonly<Record<string, (folder: VectorFolder) => readonly VectorOutcome[]>> = {
  golden: runGolden,
};
