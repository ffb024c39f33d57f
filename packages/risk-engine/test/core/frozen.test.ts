import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frozenAssessments } from '../support/frozen.js';
import { SCENARIOS } from '../support/scenarios.js';

/**
 * What is recorded with a decision is a format: findings, events, annotations and reasons, to the letter. A change of
 * the golden file is a change that readers of old records see.
 */
const golden = JSON.parse(readFileSync(new URL('../golden/assessments.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;
const now = frozenAssessments();

describe('frozen assessments', () => {
  it('TA-12: have one scenario each', () => {
    expect(Object.keys(golden)).toEqual(SCENARIOS.map(({ name }) => name));
  });

  it.each(SCENARIOS.map(({ name }) => name))('TA-12: %s, to the letter', (name) => {
    expect(now[name]).toEqual(golden[name]);
  });
});
