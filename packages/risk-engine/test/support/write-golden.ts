import { writeFileSync } from 'node:fs';
import { frozenAssessments } from './frozen.js';

/**
 * Rewrites the golden file, one scenario per line:
 * `node --import tsx --conditions=@esper/source packages/risk-engine/test/support/write-golden.ts`.
 */
const lines = Object.entries(frozenAssessments()).map(
  ([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`,
);
writeFileSync(new URL('../golden/assessments.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
