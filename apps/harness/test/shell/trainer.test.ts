import { describe, expect, it } from 'vitest';
import type { StepReport } from '../../src/shell/trainer.js';
import { draft, germinateDraft } from '../support/commands.js';
import { FakeSealer, faults, type RunSetup, smallRun } from '../support/small-run.js';

const germinate = germinateDraft({
  seedOperation: {
    operation: 'GERMINATE',
    blueprintId: 'bp-residual-narrow',
    parameters: { blending_schedule_start: 0, blending_schedule_end: 0 },
  },
});
const pause = draft({ commandType: 'PAUSE' });
const rollback = draft({ commandType: 'ROLLBACK', rollback: { tier: 'fast', reason: 'loss_spike' } });

async function losses(setup: RunSetup, steps = 60): Promise<readonly StepReport['measures'][]> {
  const run = smallRun(setup);
  const measures: StepReport['measures'][] = [];
  for (let step = 0; step < steps; step += 1) {
    const report = await run.trainer.step();
    if (report) measures.push(report.measures);
  }
  return measures;
}

describe('training', () => {
  it('the same seed gives the same losses to the bit, with commands and faults; another seed others', async () => {
    const setup = { script: { 3: germinate, 20: rollback }, options: { faults: faults('lr_spike@18+3=30') } };
    const first = await losses(setup, 40);
    expect(await losses(setup, 40)).toEqual(first);
    expect((await losses({ ...setup, options: { ...setup.options, seed: 2 } }, 3))[0]?.loss).not.toBe(first[0]?.loss);
  });

  it('learns: validation accuracy on names never seen goes from chance to far above it', async () => {
    const run = smallRun({ uncontrolled: true, options: { plannedSteps: 120 } });
    const before = run.trainer.summary().finalAccuracy;
    await run.steps(120);
    expect(before).toBeLessThan(0.25);
    expect(run.trainer.summary().finalAccuracy).toBeGreaterThan(0.6);
    expect(run.trainer.finished).toBe(true);
  });

  it.each([
    ['baseLearningRate', { baseLearningRate: 0.02 }],
    ['momentum', { momentum: 0 }],
    ['width', { width: 10 }],
    ['batchSize', { batchSize: 64 }],
    ['featureCount', { featureCount: 48 }],
    ['namesPerSample', { namesPerSample: 3 }],
    ['trainingSamples', { trainingSamples: 256 }],
    ['validationSlice', { validationSlice: 30 }],
  ])('the option %s makes a difference', async (_, options) => {
    expect(await losses({ options }, 4)).not.toEqual(await losses({}, 4));
  });
});

describe('grafting', () => {
  it('a seed lives from GERMINATED to FOSSILIZED, its alpha rises from 0 to 1, and the network learns on', async () => {
    const run = smallRun({ script: { 2: germinate }, options: { plannedSteps: 80 } });
    const alphas: number[] = [];
    for (let step = 0; step < 80; step += 1) {
      await run.trainer.step();
      alphas.push(run.trainer.state.seeds[0]?.module?.alpha ?? 0);
    }
    const stages = run.named('kasmina.seed_stage').map(({ attributes }) => attributes['to']);
    expect(stages).toEqual(['GERMINATED', 'TRAINING', 'BLENDING', 'SHADOWING', 'PROBATIONARY', 'FOSSILIZED']);
    expect(alphas.filter((alpha) => alpha > 0 && alpha < 1).length).toBeGreaterThanOrEqual(7);
    expect(alphas.at(-1)).toBe(1);
    expect(alphas.every((alpha, at) => at === 0 || alpha >= (alphas[at - 1] as number))).toBe(true);
    expect(run.trainer.summary().finalAccuracy).toBeGreaterThan(0.4);
  });

  it('while a seed only trains, the host learns exactly as it would without it', async () => {
    const plain = await losses({}, 14);
    const seeded = await losses({ script: { 2: germinate } }, 14);
    expect(seeded.map(({ validationLoss }) => validationLoss)).toEqual(
      plain.map(({ validationLoss }) => validationLoss),
    );
    expect(seeded.every(({ isolationViolations }) => isolationViolations === 0)).toBe(true);
  });

  it('an isolation violation changes the host and is counted, with a seed in training', async () => {
    const leak = { options: { faults: faults('isolation_violation@6+2') } };
    const measures = await losses({ ...leak, script: { 2: germinate } }, 8);
    expect(measures.map(({ isolationViolations }) => isolationViolations > 0)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((step) => step === 6 || step === 7),
    );
    expect(measures.at(-1)?.validationLoss).not.toBe(
      (await losses({ script: { 2: germinate } }, 8)).at(-1)?.validationLoss,
    );
    const without = smallRun(leak);
    await without.steps(7);
    expect(without.named('tolaria.fault_injected').map(({ attributes }) => attributes['effect'])).toEqual([
      'none',
      'none',
    ]);
  });

  it('PAUSE freezes structure while steps and packets go on, and ends with the next other command', async () => {
    const script = { 2: germinate, 20: pause, 21: pause, 22: pause };
    const run = smallRun({ script });
    await run.steps(20);
    const held = run.trainer.state.seeds[0]?.module?.alpha as number;
    expect(held).toBeGreaterThan(0);
    await run.steps(2);
    expect(run.trainer.state.seeds[0]?.module?.alpha).toBe(held);
    expect(run.packets).toHaveLength(22);
    await run.steps(1);
    expect(run.trainer.state.paused).toBe(false);
    expect(run.trainer.state.seeds[0]?.module?.alpha).toBeGreaterThan(held);
  });
});

describe('faults', () => {
  it('NaN gradients are reported as they are; skipped, the weights stay whole', async () => {
    const run = smallRun({ options: { faults: faults('nan_gradients@5') } });
    await run.steps(6);
    expect(run.packets[4]?.trainingMetrics['gradient_norm']).toBeNaN();
    expect(run.packets[5]?.validationLoss).toBeLessThan(10);
    expect(run.trainer.tally).toMatchObject({ updatesSkipped: 1, faults: { nan_gradients: 1 } });
    expect(run.named('tolaria.update_skipped')).toHaveLength(1);
  });

  it('NaN gradients that are applied ruin the run, and a rollback brings it back', async () => {
    const options = { nonFiniteGradients: 'apply', faults: faults('nan_gradients@12') } as const;
    const lost = await losses({ options }, 16);
    expect(lost.at(-1)?.validationLoss).toBeNaN();
    const saved = await losses({ options, script: { 12: rollback } }, 16);
    expect(saved[11]?.validationLoss).toBeNaN();
    expect(saved.at(-1)?.validationLoss).toBeLessThan(2.4);
  });

  it('a slow step is slow, and the next packet says so', async () => {
    const run = smallRun({ options: { faults: faults('slow_step@3=77') } });
    const startTimer = (ms: number, fire: () => void) => {
      // Time passes on the run's own clock; real timers only guard decisions here.
      if (ms === 77) run.clock.advance(ms);
      const timer = setTimeout(fire, ms === 77 ? 0 : ms);
      return () => clearTimeout(timer);
    };
    const slow = smallRun({ options: { faults: faults('slow_step@3=77') }, ports: { clock: run.clock, startTimer } });
    await slow.steps(4);
    expect(slow.packets.map(({ trainingMetrics }) => trainingMetrics['step_latency_ms'])).toEqual([
      undefined,
      0,
      0,
      77,
    ]);
  });

  const spike = { faults: faults('lr_spike@60+8=60'), plannedSteps: 140 };
  it('a spike ruins an uncontrolled run; ROLLBACK recovers it; PAUSE limits the harm', async () => {
    const final = async (script: RunSetup['script'], options: RunSetup['options'] = spike) => {
      const run = smallRun({ options, ...(script === undefined ? { uncontrolled: true } : { script }) });
      await run.steps(140);
      return run.trainer.summary().finalAccuracy;
    };
    const calm = await final(undefined, { plannedSteps: 140 });
    const ruined = await final(undefined);
    const rolledBack = await final({ 60: rollback });
    const paused = await final(Object.fromEntries(Array.from({ length: 12 }, (_, at) => [60 + at, pause])));
    expect(ruined).toBeLessThan(calm - 0.25);
    expect(rolledBack).toBeGreaterThan(calm - 0.1);
    expect(paused).toBeGreaterThan(ruined + 0.1);
  });

  it.each([
    ['forged_command', 'invalid_signature', 19],
    ['altered_command', 'invalid_signature', 19],
    ['replayed_command', 'nonce_replayed', 20],
    ['stale_command', 'sequence_not_rising', 19],
  ] as const)('a %s is refused as %s, named, counted, and changes nothing', async (kind, reason, applied) => {
    const run = smallRun({ options: { faults: faults(`${kind}@10`) } });
    await run.steps(20);
    expect(run.trainer.tally.rejected).toEqual({ [reason]: 1 });
    expect(run.trainer.tally.applied).toEqual({ OPTIMIZER: applied });
    expect(run.named('kasmina.command_rejected')).toMatchObject([{ level: 'CRITICAL', attributes: { reason } }]);
    expect(run.packets.at(-1)?.trainingMetrics['kasmina.command_verifier.rejections_total']).toBe(1);
    const calm = smallRun();
    await calm.steps(20);
    expect(run.trainer.state.host).toEqual(calm.trainer.state.host);
  });

  it('a gate that fails lets nothing through', async () => {
    const gate = async () => {
      throw new Error('no keys');
    };
    const run = smallRun({ ports: { gate } });
    await run.steps(3);
    expect(run.trainer.tally).toMatchObject({ applied: {}, rejected: { gate_failed: 3 } });
  });
});

describe('failed decisions', () => {
  const failure = { kind: 'failure', code: 'timeout_inference' } as const;

  it('DP-19: the trainer counts the failure, tells it, and is conservative by itself until enough good decisions', async () => {
    const run = smallRun({ script: { 4: failure, 5: germinate }, options: { goodDecisionsToRecover: 3 } });
    await run.steps(4);
    expect(run.trainer.state.conservative).toEqual({ reason: 'timeout_inference', goodDecisionsLeft: 3 });
    await run.steps(1);
    expect(run.trainer.tally.refused).toEqual({ trainer_conservative: 1 });
    expect(run.trainer.state.conservative?.goodDecisionsLeft).toBe(2);
    await run.steps(1);
    expect(run.trainer.state.conservative?.goodDecisionsLeft).toBe(1);
    await run.steps(1);
    expect(run.trainer.state.conservative).toBeUndefined();
    expect(run.trainer.tally.failures).toEqual({ timeout_inference: 1 });
    const told = run.events.filter(({ name }) => name.startsWith('tolaria.')).map(({ name }) => name);
    expect(told.filter((name) => name !== 'tolaria.optimizer_adjusted')).toEqual([
      'tolaria.tamiyo_error',
      'tolaria.conservative_entered',
      'tolaria.conservative_exited',
    ]);
  });

  it('D-30: after failed decisions the trainer goes on unharmed and makes up no command', async () => {
    const failing = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [at + 1, failure]));
    const gated: Uint8Array[] = [];
    const sealer = new FakeSealer();
    const gate = (bytes: Uint8Array) => {
      gated.push(bytes);
      return sealer.gate(bytes);
    };
    const run = smallRun({ script: failing, ports: { gate } });
    await run.steps(30);
    expect(gated).toEqual([]);
    expect(run.trainer.tally).toMatchObject({
      packets: 30,
      applied: {},
      rejected: {},
      failures: { timeout_inference: 30 },
    });
    const alone = smallRun({ uncontrolled: true });
    await alone.steps(30);
    expect(run.trainer.state.host).toEqual(alone.trainer.state.host);
  });

  it('DP-19: a decision that does not come in time is a failure of its own name, and the next packet counts it', async () => {
    const script = { 2: () => new Promise<never>(() => undefined) };
    const run = smallRun({ script, options: { decisionTimeoutMs: 15 } });
    await run.steps(3);
    expect(run.trainer.tally.failures).toEqual({ decision_timeout: 1 });
    expect(run.named('tolaria.tamiyo_timeout')).toHaveLength(1);
    expect(run.packets[2]?.trainingMetrics).toMatchObject({ 'tolaria.timeout.tamiyo_total': 1 });
  });

  it('a source that throws has failed like any other', async () => {
    const script = { 1: () => Promise.reject(new Error('socket')) };
    const run = smallRun({ script });
    await run.steps(1);
    expect(run.trainer.tally.failures).toEqual({ decision_source_failed: 1 });
  });

  it('while conservative, a raised learning rate is held at its base and alpha stays', async () => {
    const options = { faults: faults('lr_spike@8+4=50') };
    const run = smallRun({ script: { 7: failure, 8: failure, 9: failure }, options });
    const rates: number[] = [];
    for (let step = 0; step < 9; step += 1) rates.push((await run.trainer.step())?.measures.learningRate ?? 0);
    expect(rates.slice(6)).toEqual([0.05, 0.05, 0.05]);
  });
});

describe('halt', () => {
  it('EMERGENCY stops the steps for good and says why', async () => {
    const run = smallRun({ script: { 5: draft({ commandType: 'EMERGENCY' }) } });
    await run.steps(5);
    expect(run.trainer.finished).toBe(true);
    expect(await run.trainer.step()).toBeUndefined();
    expect(run.trainer.summary()).toMatchObject({ steps: 5, halted: 'emergency_command' });
    expect(run.named('tolaria.emergency.halt')).toMatchObject([{ level: 'CRITICAL' }]);
  });
});
