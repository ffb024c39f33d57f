import { type RiskConfig, resolveRiskConfig } from '@esper/risk-engine';
import { describe, expect, it } from 'vitest';
import { type Alternative, Differ, type DiffOutcome } from '../../src/diff/differ.js';
import type { Flip } from '../../src/diff/flip.js';
import { FlipList } from '../../src/diff/flip-list.js';
import { OtherSettings } from '../../src/diff/other-settings.js';
import type { HostRecord } from '../../src/records/record.js';
import { decideAgain } from '../../src/replay/decide-again.js';
import { answering, recordedRun, replayAll, withDecision, worldOf } from '../support/replay-fixture.js';

const NONE = new Map<string, number>();
const VOCABULARIES = { seed: NONE, blueprint: NONE, layer_type: NONE, activation_type: NONE };
const judging = (risk: RiskConfig | undefined): Alternative => ({
  risk: (scene) => risk ?? scene.risk,
  decide: async () => undefined,
});

async function outcomesOf(records: readonly HostRecord[], alternative: Alternative): Promise<readonly DiffOutcome[]> {
  const differ = new Differ(worldOf(records), alternative);
  const outcomes: DiffOutcome[] = [];
  for (const record of records) {
    const outcome = await differ.take(record);
    if (outcome !== undefined) outcomes.push(outcome);
  }
  return outcomes;
}

const flipsOf = (outcomes: readonly DiffOutcome[]) =>
  outcomes.flatMap((outcome) => (outcome.kind === 'flip' ? [outcome.flip] : []));

describe('past decisions under another configuration', () => {
  it('are all the same under their own', async () => {
    const outcomes = await outcomesOf(await recordedRun(), judging(undefined));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'same'));
  });

  it('with a raised loss threshold exactly the spike is looser', async () => {
    const flips = flipsOf(
      await outcomesOf(await recordedRun(), judging(resolveRiskConfig({ loss: { spikeMax: 50 } }))),
    );
    expect(flips).toEqual([
      expect.objectContaining({
        direction: 'looser',
        packetId: 'run-1-step-3',
        was: { type: 'PAUSE', reason: 'loss_spike' },
      }),
    ]);
  });

  it('under a stricter one become tighter, and none looser', async () => {
    const flips = flipsOf(
      await outcomesOf(
        await recordedRun(),
        judging(resolveRiskConfig({ policyRisk: { elevatedMin: 0, criticalMin: 0 } })),
      ),
    );
    expect(flips.length).toBeGreaterThan(0);
    expect(flips.every(({ direction }) => direction !== 'looser')).toBe(true);
  });

  it('judge what a whole decision through the network judges', async () => {
    const records = await recordedRun();
    const risk = resolveRiskConfig({ loss: { spikeMax: 50 } });
    const through: Alternative = {
      risk: () => risk,
      decide: (decision) =>
        decideAgain({ ...decision, policy: answering({ action: 1 }), vocabularies: VOCABULARIES }, risk),
    };
    expect(await outcomesOf(records, through)).toEqual(await outcomesOf(records, judging(risk)));
  });

  it('with another policy are decided through its network; one that gives no command is told as that', async () => {
    const records = await recordedRun();
    const other = (answer: Parameters<typeof answering>[0]): Alternative => ({
      risk: (scene) => scene.risk,
      decide: (decision) =>
        decideAgain({ ...decision, policy: answering(answer), vocabularies: VOCABULARIES }, decision.scene.risk),
    });
    const pausing = flipsOf(await outcomesOf(records, other({ action: 2 })));
    expect(pausing[0]).toMatchObject({ direction: 'tighter', was: { type: 'OPTIMIZER' }, would: { type: 'PAUSE' } });
    const failing = await outcomesOf(records, other({ failure: { code: 'inference_failed', reason: 'no' } }));
    expect(new Set(failing.map((outcome) => (outcome.kind === 'fails' ? outcome.code : outcome.kind)))).toEqual(
      new Set(['INFERENCE_FAILED']),
    );
  });

  it('that lack their basis are counted, and the state behind them is the recorded one', async () => {
    const records = withDecision(await recordedRun(), 1, ({ basis: _basis, ...record }) => record);
    const outcomes = await outcomesOf(records, judging(undefined));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['same', 'unreplayable', 'same', 'same', 'same', 'same']);
    expect((await replayAll(records)).length).toBe(6);
  });
});

describe('the list of flips', () => {
  const flip = (direction: Flip['direction'], packetId: string, degrees: number): Flip => ({
    direction,
    packetId,
    degrees,
    decisionId: packetId,
    trainingRunId: 'run',
    step: 1,
    was: { type: 'PAUSE', reason: 'loss_spike' },
    would: { type: 'OPTIMIZER', reason: 'policy' },
  });

  it('has the looser first, the loosest of them before, and else the order of the log', () => {
    const list = new FlipList(10);
    for (const one of [
      flip('tighter', 't1', 1),
      flip('looser', 'l1', -1),
      flip('other', 'o1', 0),
      flip('looser', 'l3', -3),
      flip('looser', 'l2', -1),
    ])
      list.add(one);
    expect(list.flips().map(({ packetId }) => packetId)).toEqual(['l3', 'l1', 'l2', 'o1', 't1']);
  });

  it('keeps the loosest when there are more than it may hold, and counts all', () => {
    const list = new FlipList(3);
    for (let at = 0; at < 1_000; at += 1) list.add(flip('looser', `l${at}`, -(at % 10)));
    for (let at = 0; at < 1_000; at += 1) list.add(flip('tighter', `t${at}`, 1));
    expect(list.counts).toEqual({ looser: 1_000, other: 0, tighter: 1_000 });
    expect(list.flips().map(({ packetId }) => packetId)).toEqual(['l9', 'l19', 'l29', 't0', 't1', 't2']);
  });
});

describe('the settings past decisions are held against', () => {
  it('are those of the scene but for the values given, or a whole configuration', async () => {
    const records = await recordedRun();
    const scene = await worldOf(records).scene(
      records.flatMap((record) => (record.kind === 'decision' ? [record.basis?.scene ?? ''] : []))[0] ?? '',
    );
    if (scene === undefined) throw new Error('the scene is there');
    const kept = { ...scene, settings: { 'risk.hookLatencyMsMax': 77 } };
    const other = new OtherSettings(undefined, { 'risk.lossSpikeMax': '5' });
    expect(other.of(kept).risk).toMatchObject({ loss: { spikeMax: 5 }, latency: { hookMsMax: 77 } });
    expect(other.changes()).toContainEqual({ path: 'loss.spikeMax', recorded: 0.15, now: 5 });
    expect(() => new OtherSettings(undefined, { 'risk.lossSpikeMax': 'much' }).of(kept)).toThrow('risk.lossSpikeMax');
  });
});
