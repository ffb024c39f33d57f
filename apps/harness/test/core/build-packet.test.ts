import { decodeMessage, encodeMessage } from '@esper/leyline';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { PACKET_METRICS } from '../../src/core/build-packet.js';
import { germinateDraft } from '../support/commands.js';
import { faults, smallRun } from '../support/small-run.js';

describe('packets', () => {
  it('RE-73: every promised metric is in the packet from the second step on, and finite', async () => {
    const run = smallRun();
    // Time has to pass for latencies to be more than zero.
    const original = run.clock.monoMs.bind(run.clock);
    run.clock.monoMs = () => {
      run.clock.advance(1);
      return original();
    };
    await run.steps(3);
    const metrics = run.packets[1]?.trainingMetrics ?? {};
    const absent = Object.keys(PACKET_METRICS).filter((key) => !(key in metrics));
    expect(absent).toEqual(['tolaria.timeout.tamiyo_last_ms']);
    expect(Object.keys(metrics).filter((key) => !(key in PACKET_METRICS))).toEqual([]);
    expect(Object.values(metrics).every((value) => Number.isFinite(value))).toBe(true);
    expect(run.packets[1]).toMatchObject({ globalStep: 2, currentEpoch: 0, sourceSubsystem: 'tolaria' });
  });

  it('D-28: latencies are those of the previous step, so that the controller sees them; the first packet has none', async () => {
    const run = smallRun();
    let waitMs = 0;
    const script = { 1: async () => answer(10), 2: async () => answer(20) };
    const answer = (ms: number) => {
      waitMs = ms;
      slow.clock.advance(ms);
      return {
        kind: 'command',
        bytes: slow.sealer.seal({ version: 1, commandType: 'OPTIMIZER', issuedBy: 't', annotations: {} }),
      } as const;
    };
    const slow = smallRun({ script, ports: { sampleHardware: () => ({ hardware: {} }) } });
    await run.steps(1);
    await slow.steps(3);
    const keys = ['step_latency_ms', 'hook_latency_ms', 'tamiyo_latency_ms', 'kasmina.apply_ms', 'kasmina.finalize_ms'];
    expect(keys.filter((key) => key in (slow.packets[0]?.trainingMetrics ?? {}))).toEqual([]);
    expect(slow.packets.map(({ trainingMetrics }) => trainingMetrics['tamiyo_latency_ms'])).toEqual([
      undefined,
      10,
      20,
    ]);
    expect(slow.packets[2]?.trainingMetrics['step_latency_ms']).toBe(20);
    expect(slow.packets[2]?.trainingMetrics['hook_latency_ms']).toBe(0);
    expect(waitMs).toBe(20);
  });

  it('D-28: an isolation violation of this step is in this packet', async () => {
    const run = smallRun({ script: { 2: germinateDraft() }, options: { faults: faults('isolation_violation@6') } });
    await run.steps(7);
    const counted = run.packets.map(({ trainingMetrics }) => trainingMetrics['kasmina.isolation.violations']);
    expect(counted.map((value) => Number(value) > 0)).toEqual([false, false, false, false, false, true, false]);
  });

  it('every packet is a valid message, also when the run has exploded', async () => {
    const patient = { failedStepsPerLevel: 1_000 };
    const options = { nonFiniteGradients: 'apply', faults: faults('nan_gradients@3'), ...patient } as const;
    const run = smallRun({ options, script: { 1: germinateDraft() } });
    await run.steps(30);
    expect(run.packets.at(-1)?.validationLoss).toBeNaN();
    for (const packet of run.packets) {
      expect(decodeMessage('SystemStatePacket', encodeMessage('SystemStatePacket', packet))).toEqual({
        ok: true,
        value: packet,
      });
    }
    expect(new Set(run.packets.map(({ packetId }) => packetId)).size).toBe(30);
  });

  it('two starts of the same run never send the same packet id', async () => {
    const first = smallRun();
    const second = smallRun({ ports: { clock: new FakeClock(1_700_000_000_001) } });
    await first.steps(1);
    await second.steps(1);
    expect(first.packets[0]?.packetId).not.toBe(second.packets[0]?.packetId);
  });

  it('a seed reports what was measured of it and nothing else; blending is allowed only while it blends', async () => {
    const run = smallRun({ script: { 1: germinateDraft() } });
    await run.steps(20);
    expect(run.packets[0]?.seedStates.map(({ seedId }) => seedId)).toEqual([
      'seed-fc1-a',
      'seed-fc1-b',
      'seed-fc2-a',
      'seed-fc2-b',
    ]);
    expect(run.packets[0]?.seedStates[0]).toEqual({
      seedId: 'seed-fc1-a',
      stage: 'DORMANT',
      layerDepth: 0,
      ageEpochs: 0,
      metrics: { alpha: 0, blend_allowed: 0 },
    });
    expect(run.packets[5]?.seedStates[0]).toMatchObject({
      stage: 'TRAINING',
      learningRate: 0.05,
      metrics: { blend_allowed: 0 },
    });
    expect(run.packets[5]?.seedStates[0]?.gradientNorm).toBeGreaterThan(0);
    const last = run.packets[19]?.seedStates[0];
    expect(last).toMatchObject({ stage: 'BLENDING', ageEpochs: 1, metrics: { blend_allowed: 1 } });
    expect(last?.metrics['alpha']).toBeGreaterThan(0);
  });

  it('P-D32: a planted seed is reported with rate, gradient, risk and depth, and with its own age, not that of the run', async () => {
    const run = smallRun({ script: { 20: germinateDraft() } });
    await run.steps(40);
    const last = run.packets.at(-1);
    const planted = last?.seedStates.find(({ stage }) => stage !== 'DORMANT');
    const { learningRate, gradientNorm, riskScore, layerDepth } = planted ?? {};
    expect([learningRate, gradientNorm, riskScore, layerDepth].map(Number.isFinite)).toEqual([true, true, true, true]);
    expect(planted?.ageEpochs).toBeLessThan(last?.currentEpoch ?? 0);
  });
});
