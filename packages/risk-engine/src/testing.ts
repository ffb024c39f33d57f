export { calmBlueprint, calmInput, calmPacket, inputWith, momentAt, seedDraft } from './testing/builders.js';
export { type ComparedCase, compareCase, equalData, firstDifference, type VectorOutcome } from './testing/compare.js';
export {
  ALL_RULES,
  type Deviation,
  type DeviationId,
  deviations,
  NO_RULES,
  type Rules,
} from './testing/deviation-table.js';
export type { VectorFolder } from './testing/golden-vectors.js';
export { type NaiveOutcome, runNaive } from './testing/naive-model.js';
export { parsePythonFloat } from './testing/python-text.js';
export { type Outcome, type Scenario, scenarioOf, type VectorInput } from './testing/vector-line.js';
export { folderRunners, vectorRunners } from './testing/vector-runners.js';
