import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { dumpWal, openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayNoun } from '../../src/cli/replay.js';
import type { HostRecord } from '../../src/records/record.js';
import { decodeRecord, encodeRecord } from '../../src/records/record-codec.js';
import { decideOnce, policyBench } from '../support/policy-bench.js';
import { packetOf, withDecision } from '../support/replay-fixture.js';
import { runNoun } from '../support/run-noun.js';

const world = { disk: nodeDisk(), clock: systemClock };
let bench: Awaited<ReturnType<typeof policyBench>>;
const records: HostRecord[] = [];

beforeAll(async () => {
  bench = await policyBench({ version: 1, prior: { pause: 0.5, optimizer: 0.5 } });
  const { host } = await bench.open();
  for (const id of ['a', 'b', 'c', 'd']) await decideOnce(host, id);
  await host.decide('run-1', packetOf(5, { validationLoss: 9 }));
  await host.close();
  for await (const { payload } of dumpWal({ ...world, directory: join(bench.dataDir, 'log') })) {
    records.push(decodeRecord(payload));
  }
});
afterAll(() => bench.remove());

const replay = (...argv: readonly string[]) => runNoun(replayNoun, ['replay', '--data', bench.dataDir, ...argv]);
const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** The same data folder with another log. */
async function withLog<T>(others: readonly HostRecord[], work: () => Promise<T>): Promise<T> {
  const directory = join(bench.dataDir, 'log');
  const aside = await tempFolder('replay-log-');
  const write = async (all: readonly HostRecord[]) => {
    for (const name of await readdir(directory)) await rm(join(directory, name));
    const log = await openWal({ ...world, random: nodeRandom, directory, options: { reserveBytes: 0 } });
    for (const record of all) await log.append(encodeRecord(record));
    await log.close();
  };
  try {
    await write(others);
    return await work();
  } finally {
    await write(records);
    await aside.remove();
  }
}

describe('tamiyo replay', () => {
  it('makes every decision of a real host again with its real network: identical, with runtime and processor named', async () => {
    const { code, stdout } = await replay();
    expect(stdout).toContain('5 of 5 decisions made again: 5 identical, 0 not');
    expect(stdout).toMatch(/network on onnxruntime-node .*, node .*: its bits are promised only there/);
    expect(code).toBe(0);
  });

  it('finds one flipped input bit in the log, names it, and ends with 4', async () => {
    const flipped = withDecision(records, 4, (record) => ({
      ...record,
      packet: { ...record.packet, globalStep: record.packet.globalStep ^ 2 },
    }));
    const { code, stdout } = await withLog(flipped, () => replay());
    expect(code).toBe(4);
    expect(stdout).toContain(
      'input: packet.globalStep: bit 1 of the whole number is flipped: 7 is recorded, 5 was decided on',
    );
    expect(stdout).toContain('5 of 5 decisions made again: 4 identical, 1 not');
    const json = await withLog(flipped, () => replay('--json'));
    expect(lines(json.stdout)).toEqual([
      expect.objectContaining({ type: 'decision', outcome: expect.objectContaining({ kind: 'differs' }) }),
      expect.objectContaining({
        type: 'summary',
        decisions: 5,
        identical: 4,
        differing: 1,
        firstDifference: { input: 1 },
      }),
    ]);
  });

  it('counts records of an older version instead of passing over them; --strict fails on them', async () => {
    const older = withDecision(records, 0, ({ basis: _basis, ...record }) => record);
    const { code, stdout } = await withLog(older, () => replay());
    expect(code).toBe(0);
    expect(stdout).toContain('4 of 5 decisions made again: 4 identical, 0 not');
    expect(stdout).toContain('not made again: 1: recorded before what decisions depend on was kept');
    expect((await withLog(older, () => replay('--strict'))).code).toBe(4);
  });

  it('one decision or one run alone; none at all is an error with a next step', async () => {
    expect((await replay('run-1-step-5')).stdout).toContain('1 of 1 decisions made again: 1 identical');
    expect((await replay('--run', 'run-1', '--json')).stdout).toContain('"identical":5');
    const none = await replay('nobody');
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/REPLAY_NOTHING[\s\S]*next: /);
  });
});
