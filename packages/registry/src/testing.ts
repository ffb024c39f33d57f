import { sha256 } from './adapters/sha256.js';
import { tableVectorRunner, type VectorOutcome } from './testing/table-vectors.js';

export { type DeviationId, deviations, type VectorOutcome } from './testing/table-vectors.js';

/** Runners by vector file name: one outcome per recorded result of a line. */
export const vectorRunners: Readonly<Record<'registry-digest', (line: unknown) => readonly VectorOutcome[]>> = {
  'registry-digest': tableVectorRunner(sha256),
};
