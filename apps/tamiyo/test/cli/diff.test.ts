import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffNoun } from '../../src/cli/diff.js';
import { decideOnce, policyBench } from '../support/policy-bench.js';
import { packetOf } from '../support/replay-fixture.js';
import { runNoun } from '../support/run-noun.js';

let bench: Awaited<ReturnType<typeof policyBench>>;
let pausing = '';

beforeAll(async () => {
  bench = await policyBench({ version: 1, prior: { optimizer: 1 } });
  pausing = (await bench.make({ version: 2, prior: { pause: 1 } })).path;
  const { host } = await bench.open();
  for (const id of ['a', 'b', 'c']) await decideOnce(host, id);
  await host.decide('run-1', packetOf(5, { validationLoss: 9 }));
  await decideOnce(host, 'd', 'run-2');
  await host.close();
});
afterAll(() => bench.remove());

const diff = (argv: readonly string[], more: { settings?: Record<string, string>; configFile?: string } = {}) =>
  runNoun(diffNoun, ['diff', '--data', bench.dataDir, ...argv], {}, more.configFile, more.settings);
const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('tamiyo diff', () => {
  it('with a raised loss threshold lists exactly the flip, looser, and ends with 3', async () => {
    const { code, stdout } = await diff([], { settings: { 'risk.lossSpikeMax': '100' } });
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^looser {2}PAUSE \(loss_spike\) → OPTIMIZER \(\w+\) {2}run run-1, step 5, packet run-1-step-5, /,
    );
    expect(stdout).toContain('5 of 5 decisions compared: 4 the same, 1 looser, 0 tighter, 0 as careful and different');
    expect(stdout).toContain('loss.spikeMax: 0.15 → 100');
    const json = await diff(['--json'], { settings: { 'risk.lossSpikeMax': '100' } });
    expect(lines(json.stdout)).toEqual([
      expect.objectContaining({ type: 'flip', direction: 'looser', packetId: 'run-1-step-5' }),
      expect.objectContaining({ type: 'summary', decisions: 5, same: 4, flips: { looser: 1, tighter: 0, other: 0 } }),
    ]);
  });

  it('under a whole configuration that changes nothing ends with 0; under a tighter one too, and says what', async () => {
    const file = join(bench.dataDir, 'next.json');
    await writeFile(file, JSON.stringify({ risk: { lossSpikeMax: 0.15 } }));
    expect(await diff([], { configFile: file })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('5 the same'),
    });
    await writeFile(file, JSON.stringify({ risk: { hookLatencyMsMax: 0 } }));
    const tighter = await diff([], { configFile: file });
    expect(tighter.code).toBe(0);
    expect(tighter.stdout).toMatch(/tighter OPTIMIZER/);
  });

  it('with another policy asks its network', async () => {
    const { code, stdout } = await diff(['--policy', pausing, '--run', 'run-2']);
    expect(stdout).toMatch(/^tighter OPTIMIZER \(policy\) → PAUSE .*run run-2/);
    expect(code).toBe(0);
  });

  it('a damaged bundle, a setting nobody knows, and nothing to compare with are errors with a next step', async () => {
    const damaged = await diff(['--policy', join(bench.dataDir, 'nowhere')]);
    expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining('next: ')]);
    const unknown = await diff([], { settings: { 'risk.lossSpike': '1' } });
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('risk.lossSpikeMax')]);
    const nothing = await diff([]);
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('next: ')]);
  });
});
