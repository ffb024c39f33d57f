import type { CommandDraft } from '@esper/leyline';
import { BLEND_REASONS, type BlendReason } from '@esper/policy';
import { laneOf } from '@esper/telemetry';
import { buildPacket } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decide.js';
import { ArrowRunner } from '../../src/decision/arrows.js';
import { DecisionDeadline } from '../../src/decision/deadline.js';
import { ReadMoments } from '../../src/decision/moments.js';
import { ReceivedPacket } from '../../src/decision/received-packet.js';
import { createStages } from '../../src/stages/create-stages.js';
import type { DecisionSession } from '../../src/stages/parts.js';
import { toldFixture } from '../support/told-fixture.js';

const packet = buildPacket({
  packetId: 'run-1-step-1',
  seedStates: buildPacket().seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const })),
});

type Change = (draft: CommandDraft) => CommandDraft;

/** A whole decision by the host's own stages, for a policy whose proposal is spoiled on its way out of the decoder. */
async function decidedWith(spoil: Change) {
  const fixture = toldFixture();
  const { parts } = fixture;
  const { state } = parts.runs.open('run-1', { wallMs: parts.clock.wallMs(), monoMs: parts.clock.monoMs() });
  const session: DecisionSession = {
    decisionId: parts.ids.decisionId(),
    arrows: new ArrowRunner(new DecisionDeadline(60_000, parts), parts.clock),
    atMs: parts.clock.wallMs(),
    about: { trainingRunId: 'run-1', packetId: '' },
    state,
    begin: { state, isRecorded: true },
    moments: new ReadMoments(parts.clock),
    events: [],
  };
  const stages = createStages(session, parts);
  const outcome = await decide(new ReceivedPacket('run-1', packet), session.arrows, {
    ...stages,
    decode: (from) => {
      const decoded = stages.decode(from);
      return { ...decoded, proposal: { ...decoded.proposal, draft: spoil(decoded.proposal.draft) } };
    },
  });
  return { outcome, told: fixture.packets[0], records: fixture.journal.records };
}

/** No command in the log, and one packet on the emergency lane that names the reason. */
async function expectRefused(
  spoil: Change,
  code: string,
  expected: { readonly event: string; readonly reason: string },
) {
  const { outcome, told, records } = await decidedWith(spoil);
  expect(outcome).toMatchObject({ ok: false, error: { code } });
  expect(records.filter(({ kind }) => kind === 'decision')).toEqual([]);
  expect(told?.priority).toBe('CRITICAL');
  expect(laneOf(told?.priority ?? 'NORMAL')).toBe('emergency');
  const event = told?.events.find(({ description }) => description === expected.event);
  expect(event).toMatchObject({ level: 'CRITICAL', attributes: { reason: expected.reason, subsystem: 'tamiyo' } });
}

const blended =
  (annotations: Readonly<Record<string, string>>, given: Partial<CommandDraft> = {}): Change =>
  ({ decision: _typed, ...draft }) => ({
    ...draft,
    ...given,
    annotations: { ...draft.annotations, ...annotations },
  });
const mode = (name: string, annotations: Readonly<Record<string, string>> = {}): Change =>
  blended({ blend_mode: name, blend_mode_source: 'policy', ...annotations });
const gate = { gate_k: '4', gate_tau: '0.2', alpha_lo: '0', alpha_hi: '1' };
const sure = { ...gate, confidence_logits_required: 'true', confidence_logits: '[2,1]' };

const SPOILT_BLENDS: Readonly<Record<BlendReason, Change>> = {
  'confidence blend missing confidence_logits': mode('CONFIDENCE', gate),
  'confidence blend invalid confidence_logits': mode('CONFIDENCE', { ...sure, confidence_logits: '[1,NaN]' }),
  'confidence blend invalid gate_k': mode('CONFIDENCE', { ...sure, gate_k: '-1' }),
  'confidence blend invalid gate_tau': mode('CONFIDENCE', { ...sure, gate_tau: 'nan' }),
  'confidence blend invalid alpha bounds': mode('CONFIDENCE', { ...sure, alpha_lo: '0.9', alpha_hi: '0.1' }),
  'channel blend missing alpha_vec': mode('CHANNEL'),
  'channel blend invalid alpha_vec': mode('CHANNEL', { alpha_vec: '[0.5,1.5]', alpha_vec_len: '2' }),
  'channel blend alpha_vec exceeds limit': mode('CHANNEL', { alpha_vec: JSON.stringify(new Array(65).fill(0.5)) }),
  'channel blend invalid alpha_vec_len': mode('CHANNEL', { alpha_vec: '[0.5]', alpha_vec_len: 'one' }),
  'channel blend alpha_vec length mismatch': mode('CHANNEL', { alpha_vec: '[0.5]', alpha_vec_len: '2' }),
  'blend mode unknown': mode('BLENDER'),
  'blend mode source invalid': mode('CONVEX', { blend_mode_source: 'me' }),
  'blend annotations on a command that is not SEED': blended(
    { blend_mode: 'CONVEX', blend_mode_source: 'policy' },
    { commandType: 'PAUSE' },
  ),
  'blend annotations without blend_mode': blended({ gate_k: '4' }),
  'confidence annotations outside a confidence blend': mode('CONVEX', gate),
  'channel annotations outside a channel blend': mode('CONVEX', { alpha_vec: '[0.5]' }),
  'blend metadata disagrees with annotations': (draft) => ({
    ...mode('CONVEX')(draft),
    decision: { blend: { shape: 'linear', scheduleStart: 0, scheduleEnd: 1, mode: 'RESIDUAL', source: 'policy' } },
  }),
};

const SPOILT_IDS: Readonly<Record<string, Change>> = {
  'seed command missing seed_operation': ({ seedOperation: _operation, ...draft }) => draft,
  'seed command missing target_seed_id': (draft) => ({ ...draft, targetSeedId: ' ' }),
  'seed operation missing blueprint_id': (draft) => ({
    ...draft,
    seedOperation: { operation: 'GERMINATE', blueprintId: ' ', parameters: {} },
  }),
};

describe('a SEED that must not leave, end to end', () => {
  it('leaves when nothing is spoilt', async () => {
    const { outcome, records } = await decidedWith((draft) => draft);
    expect(outcome).toMatchObject({ ok: true, value: { command: { commandType: 'SEED' } } });
    expect(records.filter(({ kind }) => kind === 'decision')).toHaveLength(1);
  });

  it.each(BLEND_REASONS)('BL-10: %s', async (reason) => {
    await expectRefused(SPOILT_BLENDS[reason], 'POLICY_REFUSED', { event: 'blend_validation_failed', reason });
  });

  it.each(Object.entries(SPOILT_IDS))('DG-06, DG-08: %s', async (reason, spoil) => {
    await expectRefused(spoil, 'DEPENDENCY_VIOLATION', { event: 'dependency_guard.violation', reason });
  });
});
