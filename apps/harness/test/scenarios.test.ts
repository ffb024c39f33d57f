import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/scenarios/command-line.js';

async function harness(...argv: readonly string[]) {
  const lines: string[] = [];
  const code = await runCommandLine({ argv, print: (line) => lines.push(line) });
  return { code, lines };
}

describe('the command line', () => {
  it('without a command it lists scenarios and faults', async () => {
    const { code, lines } = await harness();
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/steady-train[\s\S]*lr_spike/);
  });

  it('PF-48: steady-train runs and prints one object as its last line', async () => {
    const { code, lines } = await harness('run', 'steady-train', '--steps', '30', '--json');
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    const found = JSON.parse(lines[0] as string);
    expect(found).toMatchObject({ scenario: 'steady-train', seed: 1, steps: 30, failures: [] });
    expect(found.finalAccuracy).toBeGreaterThan(found.initialAccuracy);
    const again = JSON.parse((await harness('run', 'steady-train', '--steps', '30', '--json')).lines[0] as string);
    expect(again.finalLoss).toBe(found.finalLoss);
  });

  it('tells what was done to the run', async () => {
    const { lines } = await harness('run', 'steady-train', '--steps', '4', '--fault', 'nan_gradients@3');
    expect(lines.some((line) => line.includes('tolaria.update_skipped'))).toBe(true);
  });

  it.each([
    ['HARNESS_SCENARIO_UNKNOWN', ['run', 'nonsense']],
    ['HARNESS_SCENARIO_UNKNOWN', ['run', 'constructor']],
    ['HARNESS_SCENARIO_UNKNOWN', ['run']],
    ['HARNESS_OPTION_INVALID', ['run', 'steady-train', '--seed', 'x']],
    ['HARNESS_OPTION_INVALID', ['run', 'steady-train', '--steps', '0']],
    ['HARNESS_FAULT_INVALID', ['run', 'steady-train', '--fault', 'meteor@1']],
  ])('%s for %j', async (code, argv) => {
    await expect(harness(...argv)).rejects.toMatchObject({ code });
  });
});
