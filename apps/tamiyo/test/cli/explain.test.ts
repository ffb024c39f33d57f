import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { buildPacket, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainNoun } from '../../src/cli/explain.js';
import type { DecisionRecord, FailureRecord, HostRecord } from '../../src/records/record.js';
import { encodeRecord } from '../../src/records/record-codec.js';
import { engineFixture } from '../support/engine-fixture.js';
import { runNoun } from '../support/run-noun.js';

let folder = '';
let remove = async (): Promise<void> => undefined;
let records: readonly HostRecord[] = [];

/** Two good decisions, one that a loss spike changed, and one that failed: as a real engine records them. */
async function history(): Promise<readonly HostRecord[]> {
  const fixture = engineFixture();
  fixture.inference.answer = { action: 1 };
  for (const [step, validationLoss] of [
    [1, 1],
    [2, 0.9],
    [3, 4.5],
  ] as const) {
    await fixture.engine.decide(
      'run-1',
      buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, validationLoss }),
    );
  }
  fixture.library.failing = new Error('the library is gone');
  await fixture.engine.decide('run-1', buildPacket({ packetId: 'run-1-step-4', globalStep: 4 }));
  return fixture.journal.records;
}

beforeEach(async () => {
  const temporary = await tempFolder('cli-explain-');
  remove = temporary.remove;
  folder = temporary.path;
  records = await history();
  const options = { reserveBytes: 0 };
  const world = { disk: nodeDisk(), clock: systemClock, random: nodeRandom };
  const log = await openWal({ ...world, directory: join(folder, 'log'), options });
  for (const record of records) await log.append(encodeRecord(record));
  await log.close();
});
afterEach(() => remove());

const explain = (...argv: readonly string[]) => runNoun(explainNoun, ['explain', ...argv, '--data', folder]);
const decisionOf = (step: number) =>
  records.find(
    (record): record is DecisionRecord => record.kind === 'decision' && record.packet.globalStep === step,
  ) as DecisionRecord;

describe('tamiyo explain', () => {
  it('tells what a spike changed: who decided, value against threshold, and what would have changed it', async () => {
    const { code, stdout } = await explain(decisionOf(3).decisionId);
    expect(code).toBe(0);
    expect(stdout).toContain('The policy proposed OPTIMIZER; risk made it PAUSE.');
    expect(stdout).toMatch(/Who decided\n {2}loss: loss_delta 3\.6 > 0\.15 \(loss_spike\)/);
    expect(stdout).toMatch(/What would have changed it\n {2}loss_delta 3\.6.*it would have stayed OPTIMIZER/);
    expect(stdout).toContain(`policy ${decisionOf(3).digests.policy}`);
    expect(stdout).toMatch(/infer +\d+\.\d\d ms/);
  });

  it('finds a decision by its command, its packet, its report, and the beginning of an id', async () => {
    const { decisionId, identity } = decisionOf(2);
    for (const id of [
      decisionId,
      identity.commandId,
      'run-1-step-2',
      `fr-${identity.commandId}`,
      identity.commandId.slice(0, 12),
    ]) {
      const { code, stdout } = await explain(id, '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ record: { decisionId }, withheld: false });
    }
  });

  it('tells a failed decision: the arrow, the reason, and what to do; the last one is called last', async () => {
    const failure = records.find((record): record is FailureRecord => record.kind === 'failure') as FailureRecord;
    const { code, stdout } = await explain('last');
    expect(code).toBe(0);
    expect(stdout).toContain(`Decision ${failure.decisionId}`);
    expect(stdout).toContain('No command left: CATALOGUE_FAILED at resolve.');
    expect(stdout).toContain('next: ');
  });

  it('a withheld command is told as one that never left', async () => {
    const { decisionId, identity, trainingRunId, packetId, atMs } = decisionOf(2);
    const world = { disk: nodeDisk(), clock: systemClock, random: nodeRandom };
    const log = await openWal({ ...world, directory: join(folder, 'log'), options: { reserveBytes: 0 } });
    const { commandId, sequence } = identity;
    await log.append(
      encodeRecord({ kind: 'withheld', decisionId, trainingRunId, packetId, atMs, commandId, sequence }),
    );
    await log.close();
    const { stdout } = await explain(decisionId);
    expect(stdout).toContain('It was recorded and never left');
  });

  it('a beginning that names several decisions says so; an id of none is an error with a next step', async () => {
    const several = await explain('run-1-step');
    expect(several.code).toBe(0);
    expect(several.stderr).toContain('3 more begin with run-1-step');
    const none = await explain('nothing-here');
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('DECISION_UNKNOWN');
    expect(none.stderr).toContain('next: ');
    expect(none.stdout).toBe('');
  });
});
