import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import { encodeMessage } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { Turns } from '../src/decision/turns.js';
import type { Delivered } from '../src/stages/stages.js';
import { engineFixture, testKeyRing } from './support/engine-fixture.js';

const packet = (step: number, overrides: Parameters<typeof buildPacket>[0] = {}) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, ...overrides });

/** A packet whose one seed may be grafted. */
const dormant = (step: number) => {
  const base = packet(step);
  return { ...base, seedStates: base.seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const })) };
};

async function decided(fixture: ReturnType<typeof engineFixture>, step: number, overrides = {}): Promise<Delivered> {
  const outcome = await fixture.engine.decide('run-1', packet(step, overrides));
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

const verifier = () => {
  const replay = createReplayGuard({ clock: systemClock });
  return createVerifier({
    keyRing: testKeyRing(),
    clock: systemClock,
    replay,
    audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
  });
};

describe('one decision', () => {
  it('DP-01: one packet gives one signed command that a verifier accepts', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    // Made first: a verifier refuses whatever was issued before it began to remember.
    const gate = verifier();
    const answer = await decided(fixture, 1);
    const verified = await gate.verify(answer.bytes);
    expect(verified).toMatchObject({
      ok: true,
      value: { commandType: 'OPTIMIZER', trainingRunId: 'run-1', sequence: 1 },
    });
    expect(fixture.journal.kinds()).toEqual(['decision']);
  });

  it('DP-03: the arrows run in one fixed order and each is measured', async () => {
    const answer = await decided(engineFixture(), 1, { seedStates: dormant(1).seedStates });
    expect(answer.spans.map((span) => span.name)).toEqual([
      'validate',
      'resolve',
      'observe',
      'infer',
      'decode',
      'guard',
      'assess',
      'seal',
      'record',
    ]);
  });

  it('DP-05: a command names issuer, run, policy, reason, coverage and time', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    const { command, identity } = await decided(fixture, 1);
    expect(command.issuedBy).toBe('tamiyo');
    expect(command.annotations).toMatchObject({ policy_version: 'tamiyo_gnn_v1', policy_action: '1' });
    expect(command.decision).toMatchObject({
      risk: { changed: false },
      policy: { architecture: 'tamiyo_gnn_v1' },
      coverage: expect.anything(),
    });
    expect(identity).toMatchObject({ trainingRunId: 'run-1', issuerEpoch: 1, sequence: 1 });
  });

  it('the record is durable before the answer, and holds the bytes that were delivered', async () => {
    const fixture = engineFixture();
    let open = (): void => undefined;
    fixture.journal.gate = new Promise((resolve) => {
      open = resolve;
    });
    let answered = false;
    const outcome = decided(fixture, 1).then((value) => {
      answered = true;
      return value;
    });
    await settle();
    expect(answered).toBe(false);
    open();
    const answer = await outcome;
    expect(fixture.journal.records[0]).toMatchObject({
      kind: 'decision',
      bytes: answer.bytes,
      packetId: 'run-1-step-1',
    });
  });

  it('G-15: takes the packet as bytes too, and the same packet again gets the same bytes without a second decision', async () => {
    const fixture = engineFixture();
    const bytes = encodeMessage('SystemStatePacket', packet(1));
    const first = await fixture.engine.decide('run-1', bytes);
    const again = await fixture.engine.decide('run-1', packet(1));
    expect(first.ok && again.ok && again.value.bytes).toEqual(first.ok && first.value.bytes);
    expect(again.ok && again.value.repeated).toBe(true);
    expect(fixture.journal.kinds()).toEqual(['decision']);
  });

  it('DP-07: loss delta is per run; a spike pauses its own run only', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    await decided(fixture, 1, { validationLoss: 0.5 });
    const other = await fixture.engine.decide(
      'run-2',
      buildPacket({ trainingRunId: 'run-2', packetId: 'b1', validationLoss: 3 }),
    );
    expect(other.ok && other.value.assessment.reason).toBe('policy');
    const spiked = await decided(fixture, 2, { validationLoss: 0.9 });
    expect(spiked.command.commandType).toBe('PAUSE');
    expect(spiked.assessment.reason).toBe('loss_spike');
  });

  it('DP-09: a NaN loss is never healthy and does not poison the next step', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    await decided(fixture, 1, { validationLoss: 0.5 });
    const bad = await decided(fixture, 2, { validationLoss: Number.NaN });
    expect(bad.command.commandType).toBe('PAUSE');
    expect(fixture.parts.runs.get('run-1').risk.lastValidationLoss).toBe(0.5);
  });

  it('D-18: conservative mode outlives the step that entered it', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    await decided(fixture, 1, { validationLoss: 0.5 });
    await decided(fixture, 2, { validationLoss: 0.9 });
    const after = await decided(fixture, 3, { validationLoss: 0.9 });
    expect(after.command.commandType).toBe('PAUSE');
    expect(after.assessment.conservative).toBe(true);
  });
});

describe('a decision that fails', () => {
  it('TM-04: late inference fails the decision, and nothing is issued', async () => {
    const fixture = engineFixture();
    fixture.inference.hanging = true;
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'TIMEOUT_INFERENCE', facts: { kind: 'timeout_inference', reason: 'timeout_inference' } },
    });
    expect(fixture.journal.kinds()).toEqual(['failure']);
    expect(fixture.heard.failed).toHaveLength(1);
  });

  it.each([
    { used: 'most', waitMs: 700, code: 'DEADLINE_DECISION' },
    { used: 'little', waitMs: 0, code: 'TIMEOUT_INFERENCE' },
  ])('a decision that has used $used of its time before it comes to the network fails with $code', async (given) => {
    const turns = new Turns(1);
    const fixture = engineFixture({
      turns,
      decisionDeadlineMs: 1000,
      settings: { inferenceDeadlineMs: 60_000 },
    });
    fixture.inference.hanging = true;
    const leave = await turns.take();
    const outcome = fixture.engine.decide('run-1', packet(1));
    await new Promise((resolve) => setTimeout(resolve, given.waitMs));
    leave();
    expect(await outcome).toMatchObject({ ok: false, error: { code: given.code } });
  });

  it('TM-06: a late inference counts on the inference breaker and its event is reported', async () => {
    const fixture = engineFixture();
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.heard.failed[0]?.context.events).toContainEqual(
      expect.objectContaining({
        description: 'breaker_event',
        attributes: expect.objectContaining({ component: 'inference', action: 'count' }),
      }),
    );
  });

  it('TM-07, CM-15: three late inferences open the breaker, the run is conservative, and the next call is not made', async () => {
    const fixture = engineFixture();
    fixture.inference.hanging = true;
    for (const step of [1, 2, 3]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.parts.runs.get('run-1').risk.mode.kind).toBe('on');
    const calls = fixture.inference.calls;
    const stopped = await fixture.engine.decide('run-1', packet(4));
    expect(stopped).toMatchObject({ ok: false, error: { code: 'BREAKER_OPEN' } });
    expect(fixture.inference.calls).toBe(calls);
  });

  it('TM-09: a late blueprint lookup fails the decision', async () => {
    const fixture = engineFixture({ settings: { metadataDeadlineMs: 20 } });
    fixture.library.hanging = true;
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'TIMEOUT_URZA', facts: { reason: 'timeout_urza', attributes: { budget_ms: '20.0' } } },
    });
  });

  it('D-22: a failing library is a typed failure with a record, a report and a breaker count', async () => {
    const fixture = engineFixture();
    fixture.library.failing = new Error('the library is on fire');
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'CATALOGUE_FAILED', cause: { message: 'the library is on fire' } },
    });
    expect(fixture.journal.kinds()).toEqual(['failure']);
    expect(fixture.heard.failed[0]?.context.events.length).toBeGreaterThan(0);
  });

  it('D-30: a runtime failure is an error, not a pause', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { failure: { code: 'inference_failed', reason: 'kernel' } };
    expect(await fixture.engine.decide('run-1', packet(1))).toMatchObject({
      ok: false,
      error: { code: 'INFERENCE_FAILED' },
    });
  });

  it('G-18: a packet that is none, of another run, or of hostile size is refused by name', async () => {
    const fixture = engineFixture();
    for (const input of [
      null,
      'x',
      {},
      { ...packet(1), globalStep: -1 },
      new Uint8Array(9),
      packet(1, { trainingRunId: 'run-9' }),
    ]) {
      expect(await fixture.engine.decide('run-1', input)).toMatchObject({
        ok: false,
        error: { code: 'PACKET_INVALID' },
      });
    }
    expect(fixture.inference.calls).toBe(0);
  });

  it('DG-09: a SEED for a blueprint that the catalogue does not know any more is a violation, not silence', async () => {
    const fixture = engineFixture();
    fixture.library.knownIds = () => new Set();
    const outcome = await fixture.engine.decide('run-1', dormant(1));
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'DEPENDENCY_VIOLATION', facts: { kind: 'dependency' } },
    });
  });

  it('a command whose record cannot be made durable is not issued, and its sequence number is not used again', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    fixture.journal.failing = new Error('no space');
    const refused = await fixture.engine.decide('run-1', packet(1));
    expect(refused).toMatchObject({ ok: false, error: { code: 'RECORD_FAILED' } });
    fixture.journal.failing = undefined;
    expect((await decided(fixture, 2)).identity.sequence).toBe(2);
    await settle();
    expect(fixture.heard.lost).toEqual(['failure']);
  });

  it('a decision past its deadline at the disk is withheld: the record says so, and the command never leaves', async () => {
    const fixture = engineFixture();
    fixture.inference.answer = { action: 1 };
    let open = (): void => undefined;
    fixture.journal.gate = new Promise((resolve) => {
      open = resolve;
    });
    // Long enough to come to the disk on a busy machine.
    const late = await fixture.engine.decide('run-1', packet(1), { deadlineMs: 1_000 });
    expect(late).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_DECISION', facts: { kind: 'deadline_decision', attributes: { arrow: 'record' } } },
    });
    fixture.journal.gate = undefined;
    open();
    await settle();
    await settle();
    expect(fixture.journal.kinds()).toEqual(['decision', 'failure', 'withheld']);
    const [decision, , withheld] = fixture.journal.records;
    expect(
      decision?.kind === 'decision' &&
        withheld?.kind === 'withheld' &&
        withheld.sequence === decision.identity.sequence,
    ).toBe(true);
    expect((await decided(fixture, 2)).identity.sequence).toBe(2);
  });

  it('TM-03: a deadline of 0 leaves only the deadline of the whole decision', async () => {
    const fixture = engineFixture({ decisionDeadlineMs: 60, settings: { metadataDeadlineMs: 0 } });
    fixture.library.hanging = true;
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome.ok).toBe(false);
    expect(Number(!outcome.ok && outcome.error.facts.attributes['budget_ms'])).toBeLessThanOrEqual(60);
  });
});
