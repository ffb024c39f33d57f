import { CIRCUIT_STATES, type CircuitState, type CommandDraft, type SeedStage } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { advanceSeeds } from '../../src/core/advance-seeds.js';
import { executeCommand } from '../../src/core/execute-command.js';
import { newRun } from '../../src/core/new-run.js';
import type { TrainerState } from '../../src/core/trainer-state.js';
import { EXECUTION_ERRORS, type RefusalCode } from '../../src/errors.js';
import { command, draft, germinateDraft } from '../support/commands.js';
import { smallRun } from '../support/small-run.js';

const optimizer = { baseLearningRate: 0.1, momentum: 0.9 };
const facts = { trainingRunId: 'run-test', seed: 3, optimizer };
const fresh = newRun({ inputs: 8, width: 6, classes: 3 }, { seed: 3, learningRate: 0.1 });
const execute = (state: TrainerState, from: CommandDraft, heldMs = 0) =>
  executeCommand(state, { command: command(from), heldMs }, facts);
const grown = execute(fresh, germinateDraft()).state;

const annotations = germinateDraft().annotations;
const operation = { operation: 'GERMINATE', blueprintId: 'bp-residual-narrow', parameters: {} } as const;
const withOperation = (given: object) => germinateDraft({ seedOperation: { ...operation, ...given } });
const without = (key: string) => ({
  annotations: Object.fromEntries(Object.entries(annotations).filter(([k]) => k !== key)),
});

const atStage = (stage: SeedStage): TrainerState => ({
  ...fresh,
  seeds: fresh.seeds.map((slot, at) => (at === 0 ? { ...slot, stage } : slot)),
});

const refusals: readonly (readonly [RefusalCode, TrainerState, CommandDraft])[] = [
  ['unsupported_command', fresh, draft({ commandType: 'UNKNOWN' })],
  ['unsupported_command', fresh, draft({ commandType: 'STRUCTURAL_PRUNING' })],
  ['missing_seed_operation', fresh, draft({ commandType: 'SEED', targetSeedId: 'seed-fc1-a' })],
  ['missing_seed_id', fresh, germinateDraft({ targetSeedId: '  ' })],
  ['missing_blueprint_id', fresh, withOperation({ blueprintId: ' ' })],
  ['missing_training_run_id', fresh, germinateDraft(without('training_run_id'))],
  ['missing_mesh_layers', fresh, germinateDraft(without('mesh_host_layers'))],
  ['invalid_mesh_layers', fresh, germinateDraft({ annotations: { ...annotations, mesh_host_layers: '[1]' } })],
  [
    'invalid_mesh_layers',
    fresh,
    germinateDraft({ annotations: { ...annotations, mesh_host_layers: '["fc1.weight"' } }),
  ],
  ['invalid_mesh_layers', fresh, germinateDraft({ annotations: { ...annotations, mesh_host_layers: ' , ' } })],
  ['unknown_mesh_layer', fresh, germinateDraft({ annotations: { ...annotations, mesh_host_layers: 'fc9.weight' } })],
  ['unsupported_seed_operation', fresh, withOperation({ operation: 'FINE_TUNE' })],
  ['unknown_blueprint', fresh, withOperation({ blueprintId: 'bp-of-nobody' })],
  ['unknown_seed', fresh, germinateDraft({ targetSeedId: 'seed-of-nobody' })],
  ['unknown_seed', fresh, germinateDraft({ targetSeedId: ' seed-fc1-a' })],
  ['seed_not_dormant', grown, germinateDraft()],
  ['seed_not_dormant', atStage('EMBARGOED'), germinateDraft()],
  ['seed_not_dormant', atStage('FOSSILIZED'), germinateDraft()],
  ['illegal_transition', fresh, withOperation({ operation: 'CULL' })],
  ['illegal_transition', atStage('FOSSILIZED'), withOperation({ operation: 'CULL' })],
  ['invalid_parameter', fresh, withOperation({ parameters: { alpha: Number.POSITIVE_INFINITY } })],
  ['invalid_parameter', fresh, withOperation({ parameters: { alpha: Number.NaN } })],
  ['invalid_schedule', fresh, withOperation({ parameters: { blending_method_index: 3 } })],
  [
    'invalid_schedule',
    fresh,
    withOperation({ parameters: { blending_schedule_start: 0.9, blending_schedule_end: 0.1 } }),
  ],
  ['invalid_schedule', fresh, germinateDraft({ annotations: { ...annotations, blending_method: 'sudden' } })],
  ['unknown_blend_mode', fresh, germinateDraft({ annotations: { ...annotations, blend_mode: 'MAGIC' } })],
  ['missing_confidence_logits', fresh, germinateDraft({ annotations: { ...annotations, blend_mode: 'CONFIDENCE' } })],
  ['missing_alpha_vec', fresh, germinateDraft({ annotations: { ...annotations, blend_mode: 'CHANNEL' } })],
  [
    'alpha_vec_length_mismatch',
    fresh,
    germinateDraft({ annotations: { ...annotations, blend_mode: 'CHANNEL', alpha_vec: '[0.5]' } }),
  ],
  ['trainer_conservative', { ...fresh, conservative: { reason: 'x', goodDecisionsLeft: 1 } }, germinateDraft()],
  ['breaker_open', { ...fresh, breaker: 'OPEN' }, germinateDraft()],
  ['breaker_open', { ...fresh, breaker: 'HALF_OPEN', probeSeedId: 'seed-fc2-a' }, germinateDraft()],
  [
    'unknown_optimizer',
    fresh,
    draft({ commandType: 'OPTIMIZER', optimizerAdjustment: { optimizerId: 'adam', hyperparameters: {} } }),
  ],
  [
    'invalid_parameter',
    fresh,
    draft({
      commandType: 'OPTIMIZER',
      optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr_delta: Number.NaN } },
    }),
  ],
  ['missing_breaker_state', fresh, draft({ commandType: 'CIRCUIT_BREAKER' })],
  [
    'missing_breaker_state',
    fresh,
    draft({ commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState: 'UNKNOWN', rationale: '' } }),
  ],
];

describe('refusals', () => {
  it.each(refusals)('DG-11: %s changes nothing and is told', (reason, state, from) => {
    const result = execute(state, from);
    expect(result.refused).toBe(reason);
    expect(result.state).toEqual(state);
    expect(result.effect).toBe('none');
    expect(result.events).toMatchObject([{ name: 'kasmina.command_refused', attributes: { reason } }]);
  });

  it.each([
    ['missing_seed_operation', draft({ commandType: 'SEED', targetSeedId: 'seed-fc1-a' })],
    ['missing_seed_id', germinateDraft({ targetSeedId: ' ' })],
    ['missing_blueprint_id', withOperation({ blueprintId: ' ' })],
    ['unknown_seed', germinateDraft({ targetSeedId: 'seed-of-nobody' })],
  ] as const)('DG-11: the trainer looks at the ids of a verified command again: %s', async (reason, from) => {
    const run = smallRun({ script: { 2: from } });
    await run.steps(4);
    expect(run.named('kasmina.command_refused')).toMatchObject([{ attributes: { reason } }]);
    expect(run.named('kasmina.seed_stage')).toEqual([]);
  });

  it('a command for another run is refused', () => {
    const stray = command(germinateDraft(), { trainingRunId: 'run-other' });
    expect(executeCommand(fresh, { command: stray, heldMs: 0 }, facts)).toMatchObject({
      refused: 'wrong_training_run',
    });
  });

  it('the execution deadline counts: kept at its end, refused a millisecond later', () => {
    const hurried = germinateDraft({ executionDeadlineMs: 100 });
    expect(execute(fresh, hurried, 100).refused).toBeUndefined();
    expect(execute(fresh, hurried, 101)).toMatchObject({ refused: 'execution_deadline_passed', state: fresh });
  });

  it('each documented refusal that a core can give is seen here or where blends are read', () => {
    const elsewhere = ['invalid_confidence_logits', 'invalid_confidence_gate', 'invalid_alpha_vec'];
    const seen = new Set([...refusals.map(([reason]) => reason), 'wrong_training_run', 'execution_deadline_passed']);
    expect(Object.keys(EXECUTION_ERRORS).filter((code) => !seen.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});

describe('seeds', () => {
  it('D-27: GERMINATE with the layers of the host grafts a block at alpha 0', () => {
    expect(grown.seeds[0]).toMatchObject({ stage: 'GERMINATED', module: { alpha: 0, rank: 8, mode: 'CONVEX' } });
    expect(grown.seeds.slice(1)).toEqual(fresh.seeds.slice(1));
    expect(
      execute(fresh, germinateDraft({ annotations: { ...annotations, mesh_host_layers: 'fc1.weight, head.bias' } }))
        .refused,
    ).toBeUndefined();
  });

  it('the typed schedule and mode go before parameters and annotations', () => {
    const typed = germinateDraft({
      seedOperation: { ...operation, parameters: { blending_method_index: 0, blending_schedule_start: 0, alpha: 0.1 } },
      decision: { blend: { shape: 'cosine', scheduleStart: 0.2, scheduleEnd: 0.4, mode: 'RESIDUAL' } },
    });
    expect(execute(fresh, typed).state.seeds[0]?.module).toMatchObject({
      mode: 'RESIDUAL',
      window: { shape: 'cosine', start: 0.2, end: 0.4, firstAlpha: 0.1 },
    });
    const indexed = withOperation({ parameters: { blending_method_index: 2 } });
    expect(execute(fresh, indexed).state.seeds[0]?.module?.window.shape).toBe('warmup_hold');
  });

  it('CULL takes the block away at once; the seed is embargoed, then dormant again', () => {
    const culled = execute(grown, withOperation({ operation: 'CULL' })).state;
    expect(culled.seeds[0]?.stage).toBe('CULLED');
    expect(culled.seeds[0]?.module).toBeUndefined();
    let state = culled;
    const seen: SeedStage[] = [];
    for (let step = 0; step < 25; step += 1) {
      state = advanceSeeds(state, { plannedSteps: 100 }).state;
      if (state.seeds[0] && state.seeds[0].stage !== seen.at(-1)) seen.push(state.seeds[0].stage);
    }
    expect(seen).toEqual(['EMBARGOED', 'RESETTING', 'DORMANT']);
  });

  it('a half-open breaker admits one probe; it closes with the probe blended and opens with the probe culled', () => {
    const half = execute(
      fresh,
      draft({ commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState: 'HALF_OPEN', rationale: 'probe' } }),
    ).state;
    const probing = execute(half, germinateDraft()).state;
    expect(execute(probing, germinateDraft({ targetSeedId: 'seed-fc2-a' })).refused).toBe('breaker_open');
    expect(execute(probing, withOperation({ operation: 'CULL' })).state.breaker).toBe('OPEN');
    const ramp = { shape: 'linear', startStep: 10, endStep: 90, firstAlpha: 0 } as const;
    const ready: TrainerState = {
      ...probing,
      step: 99,
      seeds: probing.seeds.map((slot) =>
        slot.module ? { ...slot, stage: 'BLENDING', module: { ...slot.module, ramp } } : slot,
      ),
    };
    expect(advanceSeeds(ready, { plannedSteps: 100 }).state).toMatchObject({ breaker: 'CLOSED' });
  });

  it.each(Object.keys(CIRCUIT_STATES).filter((state) => state !== 'UNKNOWN') as CircuitState[])(
    'CIRCUIT_BREAKER sets the breaker to %s',
    (desiredState) => {
      const result = execute(
        fresh,
        draft({ commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState, rationale: '' } }),
      );
      expect(result.state.breaker).toBe(desiredState);
    },
  );
});

describe('optimizer', () => {
  const adjust = (state: TrainerState, delta: number) =>
    execute(
      state,
      draft({
        commandType: 'OPTIMIZER',
        optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr_delta: delta } },
      }),
    ).state;

  it.each([
    [0.2, 0.12],
    [-0.2, 0.08],
    [9, 0.15],
    [-9, 0.05],
    [0, 0.1],
  ])('lr_delta %d makes 0.1 to %d', (delta, rate) => {
    expect(adjust(fresh, delta).learningRate).toBeCloseTo(rate, 12);
  });

  it('however often it is told, the rate stays between a fifth and twice its base', () => {
    let up = fresh;
    let down = fresh;
    for (let time = 0; time < 20; time += 1) [up, down] = [adjust(up, 0.5), adjust(down, -0.5)];
    expect(up.learningRate).toBeCloseTo(0.2);
    expect(down.learningRate).toBeCloseTo(0.02);
  });

  it('an adjustment without lr_delta, as a downgraded SEED is, keeps the rate', () => {
    const result = execute(fresh, draft({ commandType: 'OPTIMIZER' }));
    expect(result.refused).toBeUndefined();
    expect(result.state.learningRate).toBe(0.1);
  });
});

describe('pause, rollback, halt', () => {
  const pause = draft({ commandType: 'PAUSE', annotations: { risk_reason: 'loss_spike' } });

  it('PAUSE is told once with its reason and ends with the next command that is none', () => {
    const first = execute(fresh, pause);
    expect(first.events.map(({ name }) => name)).toEqual(['kasmina.command_applied', 'kasmina.paused']);
    expect(first.events[1]?.attributes).toEqual({ reason: 'loss_spike' });
    const again = execute(first.state, pause);
    expect(again.events.map(({ name }) => name)).toEqual(['kasmina.command_applied']);
    const next = execute(again.state, germinateDraft());
    expect(next.state.paused).toBe(false);
    expect(next.events[0]?.name).toBe('kasmina.resumed');
  });

  it('a PAUSE that still carries the payload of the SEED it was grafts nothing', () => {
    const was = { ...germinateDraft(), commandType: 'PAUSE' } as const;
    expect(execute(fresh, was).state.seeds).toEqual(fresh.seeds);
  });

  it('frozen structure: no stage moves and alpha is held, then goes on from there', () => {
    const ramp = { shape: 'linear', startStep: 0, endStep: 100, firstAlpha: 0 } as const;
    const blending: TrainerState = {
      ...grown,
      step: 40,
      seeds: grown.seeds.map((slot) =>
        slot.module ? { ...slot, stage: 'BLENDING', module: { ...slot.module, ramp, alpha: 0.39 } } : slot,
      ),
    };
    const moving = advanceSeeds(blending, { plannedSteps: 100 }).state;
    expect(moving.seeds[0]?.module?.alpha).toBeCloseTo(0.4);
    let held: TrainerState = { ...moving, paused: true };
    for (let step = 41; step <= 60; step += 1) held = advanceSeeds({ ...held, step }, { plannedSteps: 100 }).state;
    expect(held.seeds[0]?.module?.alpha).toBeCloseTo(0.4);
    expect(held.seeds[0]?.stage).toBe('BLENDING');
    const resumed = advanceSeeds({ ...held, paused: false, step: 61 }, { plannedSteps: 100 }).state;
    expect(resumed.seeds[0]?.module?.alpha).toBeCloseTo(0.41);
  });

  it.each([
    ['fast', 'rollback_fast'],
    ['full', 'rollback_full'],
  ] as const)('ROLLBACK %s asks for that tier', (tier, effect) => {
    expect(execute(fresh, draft({ commandType: 'ROLLBACK', rollback: { tier, reason: 'x' } })).effect).toBe(effect);
  });

  it('EMERGENCY halts', () => {
    expect(execute(fresh, draft({ commandType: 'EMERGENCY' })).effect).toBe('halt');
  });
});
