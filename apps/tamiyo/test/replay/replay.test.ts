import { describe, expect, it } from 'vitest';
import type { DecisionRecord, HostRecord } from '../../src/records/record.js';
import { ReplayCount } from '../../src/replay/replay-tally.js';
import { engineFixture, HERE } from '../support/engine-fixture.js';
import {
  answering,
  asRead,
  outcomesOf,
  packetOf,
  recordedRun,
  replayAll,
  UNHURRIED,
  withDecision,
  withType,
  worldOf,
} from '../support/replay-fixture.js';

const SIX = Array.from({ length: 6 }, () => 'identical');
const partsOf = (outcome: Awaited<ReturnType<typeof replayAll>>[number]['outcome'] | undefined): readonly string[] =>
  outcome !== undefined && 'differs' in outcome ? outcome.differs.map(({ part }) => part) : [];

describe('a recorded decision, made again', () => {
  it('is identical to the bit: through a failure, a spike that risk stopped, and an order of an operator', async () => {
    const records = await recordedRun();
    expect(outcomesOf(await replayAll(records))).toEqual(SIX);
  });

  it('is identical where the configuration put the run into conservative mode', async () => {
    expect(outcomesOf(await replayAll(await recordedRun({ startsConservative: true })))).toEqual(SIX);
  });

  it('is identical where a flag let an unknown blueprint pass', async () => {
    const fixture = engineFixture({ ...UNHURRIED, keepsScenes: true, flags: ['FF-05'] });
    fixture.inference.answer = { action: 0 };
    fixture.library.knownIds = () => new Set();
    const base = packetOf(1);
    const seedStates = base.seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const }));
    await fixture.engine.decide('run-1', { ...base, seedStates });
    const records = asRead(fixture.journal.records);
    const [decision] = records.filter((record): record is DecisionRecord => record.kind === 'decision');
    expect(decision?.basis?.guardBypassed).toBe(true);
    expect(
      outcomesOf(await replayAll(records, worldOf(records, { policy: async () => answering({ action: 0 }) }))),
    ).toEqual(['identical']);
  });

  it.each([
    [
      'a loss',
      'packet.validationLoss',
      (packet: DecisionRecord['packet']) => ({ ...packet, validationLoss: flipped(Number(packet.validationLoss)) }),
    ],
    [
      'a step',
      'packet.globalStep',
      (packet: DecisionRecord['packet']) => ({ ...packet, globalStep: packet.globalStep ^ 64 }),
    ],
    [
      'a name',
      'packet.sourceSubsystem',
      (packet: DecisionRecord['packet']) => ({ ...packet, sourceSubsystem: 'uolaria' }),
    ],
  ] as const)('one flipped bit of %s is found, and named', async (_what, path, flip) => {
    const records = await recordedRun();
    const changed = withDecision(records, 1, (record) => ({ ...record, packet: flip(record.packet) }));
    const replayed = await replayAll(changed);
    const [, wrong, ...others] = replayed;
    expect(partsOf(wrong?.outcome)[0]).toBe('input');
    expect(wrong?.outcome).toMatchObject({
      kind: 'differs',
      differs: [
        { flip: { path } },
        ...partsOf(wrong?.outcome)
          .slice(1)
          .map(() => ({})),
      ],
    });
    // Where the state it left is recorded as it was, those behind it are made from that.
    expect(outcomesOf(others)).toEqual(SIX.slice(2));
  });

  it('a changed finding, command or state is found in its part, and only in its own decision', async () => {
    const records = await recordedRun();
    const finding = withDecision(records, 2, (record) => ({
      ...record,
      findings: record.findings.map((one, at) => (at === 1 ? { ...one, reason: 'forged' } : one)),
    }));
    const command = withDecision(records, 2, (record) => ({
      ...record,
      command: withType(record.command, 'OPTIMIZER'),
    }));
    const state = withDecision(records, 2, (record) => ({
      ...record,
      stateAfter: { ...record.stateAfter, risk: { ...record.stateAfter.risk, decisions: 99 } },
    }));
    for (const [changed, part] of [
      [finding, 'risk'],
      [command, 'risk'],
      [state, 'state'],
    ] as const) {
      const replayed = await replayAll(changed);
      expect(outcomesOf(replayed)).toEqual(SIX.map((same, at) => (at === 2 ? 'differs' : same)));
      expect(partsOf(replayed[2]?.outcome)).toEqual([part]);
    }
  });

  it('changed bytes of a sealed command are found, whoever signed them', async () => {
    const records = withDecision(await recordedRun(), 0, (record) => {
      const bytes = new Uint8Array(record.bytes);
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
      return { ...record, bytes };
    });
    const [first] = await replayAll(records);
    expect(partsOf(first?.outcome)).toEqual(['seal']);
  });

  it('another network is found at the inference, and on another machine told apart from what else is wrong', async () => {
    const records = await recordedRun();
    const other = async () => answering({ action: 1, riskClass: 2 });
    const here = await replayAll(records, worldOf(records, { policy: other }));
    expect(partsOf(here[0]?.outcome)[0]).toBe('inference');
    expect(here[0]?.outcome.kind).toBe('differs');
    const runtime = () => ({ ...HERE, cpu: 'another' });
    const elsewhere = await replayAll(records, worldOf(records, { policy: other, runtime }));
    expect(outcomesOf(elsewhere)).toEqual(SIX.map(() => 'elsewhere'));
    expect(elsewhere[0]?.recordedOn).toEqual(HERE);
    const forged = withDecision(records, 0, (record) => ({ ...record, deciding: 'forged' }));
    const [first] = await replayAll(forged, worldOf(forged, { policy: other, runtime }));
    expect(first?.outcome.kind).toBe('differs');
  });
});

describe('a decision behind a failure whose record the log did not take', () => {
  it('carries the state it was made in, and is identical', async () => {
    const fixture = engineFixture({ ...UNHURRIED, keepsScenes: true });
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packetOf(1));
    fixture.library.failing = new Error('the library is gone');
    fixture.journal.failing = new Error('the disk is full');
    await fixture.engine.decide('run-1', packetOf(2));
    fixture.library.failing = undefined;
    fixture.journal.failing = undefined;
    await fixture.engine.decide('run-1', packetOf(3));
    await fixture.engine.decide('run-1', packetOf(4));
    const records = asRead(fixture.journal.records);
    expect(fixture.journal.kinds()).toEqual(['note', 'decision', 'decision', 'decision']);
    const carries = records.map((record) => record.kind === 'decision' && record.basis?.before !== undefined);
    expect(carries).toEqual([false, false, true, false]);
    expect(outcomesOf(await replayAll(records))).toEqual(['identical', 'identical', 'identical']);
  });
});

describe('a recorded decision that cannot be made again', () => {
  const whys = async (records: readonly HostRecord[], world = worldOf(records)) =>
    (await replayAll(records, world)).map(({ outcome }) =>
      outcome.kind === 'unreplayable' ? outcome.why : outcome.kind,
    );

  it('is told and counted when it is of before its basis was kept; those behind it are made again', async () => {
    const records = withDecision(await recordedRun(), 1, ({ basis: _basis, ...older }) => older);
    expect(await whys(records)).toEqual(['identical', 'no_basis', ...SIX.slice(2)]);
    const count = new ReplayCount();
    for (const one of await replayAll(records)) count.add(one);
    expect(count.result()).toMatchObject({ decisions: 6, identical: 5, differing: 0, unreplayable: { no_basis: 1 } });
  });

  it('is told when a record of the run is missing before it, and only then', async () => {
    const records = await recordedRun();
    const missing = records.filter((record) => record.kind !== 'failure');
    expect(await whys(missing)).toEqual(['identical', 'state_gone', ...SIX.slice(2)]);
  });

  it('is told when scene, policy or names are gone', async () => {
    const records = await recordedRun();
    for (const [why, gone] of [
      ['scene_gone', { scene: async () => undefined }],
      ['policy_gone', { policy: async () => undefined }],
      ['names_gone', { vocabularies: () => undefined }],
    ] as const) {
      expect(await whys(records, worldOf(records, gone))).toEqual(SIX.map(() => why));
    }
  });

  it('is told when it is a pause in the place of a failed decision', async () => {
    const fixture = engineFixture({ ...UNHURRIED, keepsScenes: true, flags: ['FF-01'] });
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packetOf(1));
    expect(await whys(asRead(fixture.journal.records))).toEqual(['stand_in']);
  });
});

/** The lowest bit of a 64-bit number, the other way round. */
function flipped(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setUint8(6, view.getUint8(6) ^ 1);
  return view.getFloat64(0);
}
