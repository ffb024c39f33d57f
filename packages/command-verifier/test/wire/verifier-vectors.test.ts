import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviations, vectorRunners } from '../../src/testing.js';

const file = join(process.env['TAMIYO_VECTORS'] ?? '', 'verifier.jsonl');
const hasVectors = process.env['TAMIYO_VECTORS'] !== undefined && existsSync(file);
const readLines = (): readonly unknown[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('recorded verifications of the prototype', () => {
  it.skipIf(!hasVectors)('differ from ours only where a deviation computes our answer', () => {
    const outcomes = readLines().flatMap((line) => vectorRunners.verifier(line));
    expect(outcomes.filter((outcome) => outcome.kind === 'unexplained')).toEqual([]);
    expect(outcomes.filter((outcome) => outcome.kind === 'equal').length).toBeGreaterThan(1000);
    const known = new Set<string>(deviations.map((deviation) => deviation.id));
    for (const outcome of outcomes) if (outcome.kind === 'explained') expect(known).toContain(outcome.deviation);
  });

  it.skipIf(!hasVectors)('notices a recorded answer that is not what a deviation computes', () => {
    const line = readLines().find((candidate) => (candidate as { tag?: string }).tag === 'replay:simple') as {
      steps: readonly { expect: object }[];
    };
    const steps = line.steps.map((step, index) =>
      index === 0 ? { ...step, expect: { accepted: false, reason: 'invalid_signature' } } : step,
    );
    const outcomes = vectorRunners.verifier({ ...line, steps });
    expect(outcomes[0]).toEqual({ kind: 'unexplained', detail: 'answered ok, expected invalid_signature' });
  });
});
