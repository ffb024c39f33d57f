import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.js';
import { resolveConfig } from '../../src/config/resolve.js';

const problemsOf = (input: Parameters<typeof resolveConfig>[0]): readonly string[] => {
  const resolved = resolveConfig(input);
  return resolved.ok ? [] : resolved.error.map((problem) => `${problem.source} ${problem.key}: ${problem.message}`);
};
const valuesOf = (input: Parameters<typeof resolveConfig>[0]) => {
  const resolved = resolveConfig(input);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  return resolved.value;
};

describe('configuration', () => {
  it('TM-01: the inference deadline is 5 ms by default, and an explicit 15 stays 15', () => {
    expect(valuesOf({}).values['deadlines.inferenceMs']).toBe(5);
    expect(valuesOf({ environment: { TAMIYO_STEP_TIMEOUT_MS: '15.0' } }).values['deadlines.inferenceMs']).toBe(15);
  });

  it('TM-02: the metadata deadline is 25 ms and has a variable of its own', () => {
    expect(valuesOf({}).values['deadlines.metadataMs']).toBe(25);
    expect(valuesOf({ environment: { TAMIYO_METADATA_TIMEOUT_MS: '10' } }).values['deadlines.metadataMs']).toBe(10);
  });

  it('flags win over environment, environment over file, file over defaults, and each value knows its source', () => {
    const file = { deadlines: { inferenceMs: 7, metadataMs: 30, decisionMs: 300 } };
    const environment = { TAMIYO_STEP_TIMEOUT_MS: '8', TAMIYO_METADATA_TIMEOUT_MS: '31' };
    const { values, sources } = valuesOf({ flags: { 'deadlines.inferenceMs': '9' }, environment, file });
    expect([values['deadlines.inferenceMs'], values['deadlines.metadataMs'], values['deadlines.decisionMs']]).toEqual([
      9, 31, 300,
    ]);
    expect([
      sources['deadlines.inferenceMs'],
      sources['deadlines.metadataMs'],
      sources['deadlines.decisionMs'],
      sources.dataDir,
    ]).toEqual(['flag', 'environment', 'file', 'default']);
  });

  it('CF-32: every bad value is refused by name, all at once, and an unknown key names its nearest', () => {
    const problems = problemsOf({
      environment: {
        TAMIYO_STEP_TIMEOUT_MS: 'NaN',
        TAMIYO_CPU_THREADS: '-1',
        TAMIYO_BLEND_MODE_DEFAULT: 'MAGIC',
        TAMIYO_STEP_TIMEOUT: '5',
      },
      file: { deadlines: { inferencMs: 5 } },
    });
    expect(problems).toHaveLength(5);
    expect(problems.join('\n')).toMatch(
      /file deadlines\.inferencMs: unknown key; did you mean deadlines\.inferenceMs\?/,
    );
    expect(problems.join('\n')).toMatch(
      /environment TAMIYO_STEP_TIMEOUT: unknown variable; did you mean TAMIYO_STEP_TIMEOUT_MS\?/,
    );
    expect(problems.join('\n')).toMatch(/environment deadlines\.inferenceMs: .*"NaN"/);
  });

  it('FF-01: the pause fallback is refused in production and possible in a harness', () => {
    expect(problemsOf({ flags: { 'flags.pauseFallback': true } })).toEqual([
      'flag flags.pauseFallback: is for tests and harnesses; the production profile refuses it',
    ]);
    expect(valuesOf({ flags: { 'flags.pauseFallback': true, profile: 'harness' } }).values['flags.pauseFallback']).toBe(
      true,
    );
  });

  it('FF-04: durability "written" is refused in production', () => {
    expect(problemsOf({ environment: { TAMIYO_WAL_DURABILITY: 'written' } })[0]).toContain('wal.durability');
  });

  it('the digest changes with a value and not with its source', () => {
    const plain = valuesOf({}).digest;
    expect(valuesOf({ flags: { 'deadlines.inferenceMs': 5 } }).digest).toBe(plain);
    expect(valuesOf({ flags: { 'deadlines.inferenceMs': 6 } }).digest).not.toBe(plain);
    expect(plain).toMatch(/^[0-9a-f]{64}$/);
  });

  it('booleans take the usual words and nothing else', () => {
    for (const word of ['1', 'true', 'YES', 'on']) {
      expect(valuesOf({ environment: { TAMIYO_CONSERVATIVE_MODE: word } }).values['risk.conservativeMode']).toBe(true);
    }
    expect(problemsOf({ environment: { TAMIYO_CONSERVATIVE_MODE: 'maybe' } })).toHaveLength(1);
  });

  it('nearestName counts edits', () => {
    expect(nearestName('wal.durabilty', ['wal.strict', 'wal.durability'])).toBe('wal.durability');
  });
});
