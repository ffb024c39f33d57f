import { describe, expect, it } from 'vitest';
import { parseDrillFlags, parseDurationMs } from '../drill/drill.ts';
import { closingLine, countTests } from '../run-tests/totals.ts';

describe('drill flags', () => {
  const spec = { name: 'wal:crash', defaultBudgetMs: 5_000 };

  it('reads durations with their units and refuses the rest', () => {
    expect(['60s', '500ms', '10m', '2', '1.5s', '1h'].map(parseDurationMs)).toEqual([
      60_000, 500, 600_000, 2_000, 1_500, 3_600_000,
    ]);
    for (const bad of ['', 'soon', '-1s', '5 s', '1d']) expect(() => parseDurationMs(bad)).toThrow('not a duration');
  });

  it('has defaults, takes every flag, and passes the rest on', () => {
    expect(parseDrillFlags(spec, [])).toEqual({
      seed: 1,
      budgetMs: 5_000,
      count: undefined,
      json: false,
      assert: false,
      sabotage: undefined,
      rest: [],
      own: {},
    });
    expect(
      parseDrillFlags(spec, [
        '--',
        'x',
        '--seed',
        '7',
        '--budget',
        '60s',
        '--count',
        '9',
        '--json',
        '--assert',
        '--sabotage',
        'a',
      ]),
    ).toEqual({
      seed: 7,
      budgetMs: 60_000,
      count: 9,
      json: true,
      assert: true,
      sabotage: 'a',
      rest: ['x'],
      own: {},
    });
    const own = { ...spec, options: ['rate'] };
    expect(parseDrillFlags(own, ['--rate', '200'])).toMatchObject({ own: { rate: '200' } });
  });

  it('refuses a count that is none, and a flag it does not know', () => {
    expect(() => parseDrillFlags(spec, ['--count', '-3'])).toThrow();
    expect(() => parseDrillFlags(spec, ['--count', '3.5'])).toThrow('whole number');
    expect(() => parseDrillFlags(spec, ['--count', '0'])).toThrow('at least 1, got 0');
    expect(() => parseDrillFlags(spec, ['--colour'])).toThrow('--colour');
  });
});

describe('test totals', () => {
  it('counts every test once, and a suite that never ran as a failure', () => {
    const test = (status: string, fullName: string) => ({ status, fullName, title: fullName });
    const totals = countTests({
      testResults: [
        {
          name: 'a',
          status: 'failed',
          assertionResults: [test('passed', 'one'), test('failed', 'two'), test('pending', 'three')],
        },
        { name: 'b', status: 'failed', assertionResults: [] },
        { name: 'c', status: 'passed', assertionResults: [test('passed', 'four'), test('todo', 'five')] },
      ],
    });
    expect(closingLine(totals)).toBe('2 passed, 2 failed, 2 skipped');
    expect(totals.skippedTitles).toEqual(['three', 'five']);
    expect(totals.brokenSuites).toEqual(['b']);
  });
});
