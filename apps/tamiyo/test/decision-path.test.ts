import { buildBlueprint, buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DecisionEngine } from '../src/engine.js';
import * as tamiyo from '../src/index.js';
import { eventsOf, toldFixture } from './support/told-fixture.js';

const packet = (step: number, overrides: Parameters<typeof buildPacket>[0] = {}) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, ...overrides });

/** A packet whose one seed may be grafted. */
const dormant = (step: number) => {
  const base = packet(step);
  return { ...base, seedStates: base.seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const })) };
};

describe('the decision path as a whole', () => {
  it('DP-02, D-42: there is one way to a decision, and no entry that runs without its deadlines', () => {
    expect(Object.keys(tamiyo).filter((name) => /evaluate|epoch/i.test(name))).toEqual([]);
    const methods = Object.getOwnPropertyNames(DecisionEngine.prototype);
    expect(methods.filter((name) => /decide|evaluate/i.test(name))).toEqual(['decide']);
  });

  it('DP-06: the policy annotations are on each command, whoever wrote it', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const outcome = await fixture.engine.decide('run-1', packet(1));
    if (!outcome.ok) throw outcome.error;
    const { annotations } = outcome.value.command;
    expect(annotations['policy_action']).toMatch(/^\d+$/);
    for (const name of ['policy_param_delta', 'policy_value_estimate', 'policy_risk_score']) {
      expect(annotations[name], name).toMatch(/^-?\d+\.\d{6}$/);
    }
    expect(annotations['policy_risk_index']).toMatch(/^\d+$/);
    expect(annotations).toMatchObject({ policy_version: 'tamiyo_gnn_v1', blending_method: expect.any(String) });
  });

  it('DP-08: the loss is remembered only after a complete decision', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(1, { validationLoss: 0.5 }));
    fixture.journal.failing = new Error('no space');
    await fixture.engine.decide('run-1', packet(2, { validationLoss: 7 }));
    fixture.journal.failing = undefined;
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(3, { validationLoss: 9 }));
    expect(fixture.parts.runs.get('run-1').risk.lastValidationLoss).toBe(0.5);
  });

  it('DP-13, DP-14: a failed decision is told in a packet of its own, with run, packet and reason', async () => {
    const fixture = toldFixture();
    fixture.library.failing = new Error('the library is on fire');
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.packets).toHaveLength(1);
    const [told] = fixture.packets;
    expect(told).toMatchObject({
      packetId: 'run-1-step-1',
      sourceSubsystem: 'tamiyo',
      level: 'CRITICAL',
      metrics: [],
      health: { status: 'DEGRADED', summary: 'urza_failure', indicators: { priority: 'MESSAGE_PRIORITY_CRITICAL' } },
    });
    expect(told?.events[0]).toMatchObject({
      description: 'urza_failure',
      attributes: { training_run_id: 'run-1', packet_id: 'run-1-step-1', code: 'CATALOGUE_FAILED' },
    });
  });

  it('DP-13: without a packet the failure still has a name', async () => {
    const fixture = toldFixture();
    await fixture.engine.decide('run-1', { nonsense: true });
    expect(fixture.packets[0]?.packetId).toBe('tamiyo-policy-failure-packet_invalid');
  });

  it('DP-15: a dependency violation is named by its reason, with its context', async () => {
    const fixture = toldFixture();
    fixture.library.knownIds = () => new Set();
    const outcome = await fixture.engine.decide('run-1', dormant(1));
    expect(!outcome.ok && outcome.error.message).toMatch(/^tamiyo dependency violation: missing blueprint /);
    expect(fixture.packets[0]?.health.summary).toMatch(/^missing blueprint /);
    expect(fixture.packets[0]?.events[0]?.attributes).toMatchObject({
      dependency_type: 'blueprint',
      seed_id: expect.any(String),
      training_run_id: 'run-1',
    });
    expect(eventsOf(fixture.packets[0])).toContain('dependency_guard.violation');
  });

  it('DP-16: statistics live in the record; a record that cannot be kept fails the decision and says why', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const before = fixture.parts.runs.get('run-1').statistics;
    fixture.journal.failing = new Error('no space left on the device');
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'RECORD_FAILED', facts: { kind: 'persistence' } } });
    expect(fixture.packets[0]?.events[0]).toMatchObject({
      description: 'record_failed',
      attributes: { error: 'no space left on the device' },
    });
    expect(fixture.parts.runs.get('run-1').statistics).toEqual(before);
  });

  it('D-21: a SEED without an id is refused even when risk would have hidden it behind a pause', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(1, { validationLoss: 0.5 }));
    fixture.inference.answer = {};
    fixture.library.knownIds = () => new Set();
    // The loss spikes, so the risk engine would turn any proposal into a pause.
    const outcome = await fixture.engine.decide('run-1', { ...dormant(2), validationLoss: 5 });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEPENDENCY_VIOLATION' } });
    expect(fixture.packets.at(-1)?.priority).toBe('CRITICAL');
  });

  it('D-25: a NaN loss is not healthy, poisons no next step, and runs do not share their history', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(1, { validationLoss: 0.5 }));
    await fixture.engine.decide('run-2', buildPacket({ trainingRunId: 'run-2', packetId: 'b1', validationLoss: 99 }));
    const bad = await fixture.engine.decide('run-1', packet(2, { validationLoss: Number.NaN }));
    expect(bad.ok && bad.value.command.commandType).toBe('PAUSE');
    const { risk } = fixture.parts.runs.get('run-1');
    expect(risk.lastValidationLoss).toBe(0.5);
    expect(fixture.parts.runs.get('run-2').risk.lastValidationLoss).toBe(99);
  });

  it('D-26: one lookup a step, for blueprints of the catalogue only', async () => {
    const fixture = toldFixture();
    fixture.library.blueprints = [buildBlueprint({ blueprintId: 'bp-real' })];
    for (const step of [1, 2, 3]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.library.lookups).toBe(3);
    for (const record of fixture.journal.records) {
      const blueprintId = record.kind === 'decision' ? record.proposed.seedOperation?.blueprintId : undefined;
      expect([undefined, 'bp-real']).toContain(blueprintId);
    }
  });

  it('D-22: whatever a part throws, the caller gets a typed error and the run goes on', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    fixture.inference.infer = () => Promise.reject(new TypeError('a bug in the policy'));
    const broken = await fixture.engine.decide('run-1', packet(1));
    expect(broken).toMatchObject({ ok: false, error: { code: 'INTERNAL', cause: { message: 'a bug in the policy' } } });
    expect(fixture.journal.kinds()).toEqual(['failure']);
    expect(fixture.packets[0]).toMatchObject({ level: 'CRITICAL' });
    await settle();
    expect(fixture.fieldReports).toHaveLength(1);
  });

  it('D-30: no failure becomes an unsigned command or a reused id', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { failure: { code: 'inference_failed', reason: 'kernel' } };
    const outcomes = [await fixture.engine.decide('run-1', packet(1)), await fixture.engine.decide('run-1', packet(2))];
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([false, false]);
    expect(fixture.journal.records.some((record) => 'bytes' in record && record.kind === 'decision')).toBe(false);
    expect(
      new Set(fixture.journal.records.map((record) => ('decisionId' in record ? record.decisionId : ''))).size,
    ).toBe(2);
  });
});

describe('decisions beside each other', () => {
  it('DP-20: decisions of many runs overlap with reports and lose nothing', async () => {
    const patient = { inferenceDeadlineMs: 30_000, metadataDeadlineMs: 30_000 };
    const fixture = toldFixture({ queueMax: 100, decisionDeadlineMs: 60_000, settings: patient });
    fixture.inference.answer = { action: 1 };
    const runs = Array.from({ length: 20 }, (_, run) => `run-${run}`);
    const outcomes = await Promise.all(
      runs.flatMap((run) =>
        [1, 2, 3, 4, 5].map((step) =>
          fixture.engine.decide(run, buildPacket({ trainingRunId: run, packetId: `${run}-${step}`, globalStep: step })),
        ),
      ),
    );
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    expect(fixture.packets).toHaveLength(100);
    expect(fixture.fieldReports).toHaveLength(100);
    for (const run of runs) {
      const sequences = fixture.journal.records.flatMap((record) =>
        record.kind === 'decision' && record.trainingRunId === run ? [record.identity.sequence] : [],
      );
      expect(sequences).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('thousands of runs in one host, each with a state of its own', async () => {
    const patient = { inferenceDeadlineMs: 30_000, metadataDeadlineMs: 30_000 };
    const fixture = toldFixture({ decisionDeadlineMs: 60_000, settings: patient });
    fixture.inference.answer = { action: 1 };
    const runs = Array.from({ length: 2_000 }, (_, run) => `run-${run}`);
    for (let at = 0; at < runs.length; at += 100) {
      await Promise.all(
        runs
          .slice(at, at + 100)
          .map((run) =>
            fixture.engine.decide(
              run,
              buildPacket({ trainingRunId: run, packetId: `${run}-1`, validationLoss: Number(run.slice(4)) / 100 }),
            ),
          ),
      );
    }
    expect(fixture.parts.runs.ids()).toHaveLength(2_000);
    for (const run of [0, 1_234, 1_999]) {
      expect(fixture.parts.runs.get(`run-${run}`)).toMatchObject({
        sequence: 1,
        risk: { lastValidationLoss: run / 100 },
      });
    }
  });
});
