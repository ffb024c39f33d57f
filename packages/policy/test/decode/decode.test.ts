import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACTIONS,
  type BlendConfig,
  DEFAULT_DIMS,
  decode,
  fixedDecimal,
  type NetworkOutputs,
  type Observation,
  resolveDecodeConfig,
} from '../../src/index.js';
import { blueprint, graphOf, packet, seed, seen } from '../observe/scene.js';
import { favouring, outputsFor } from './heads.js';

const config = (blend: Partial<BlendConfig> = {}) => resolveDecodeConfig({ bundleDigest: 'ab12', blend });
const proposed = (given: Partial<NetworkOutputs> = {}, observation: Observation = seen()) => {
  const outcome = decode(outputsFor(observation, given), observation, config());
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.error)}`);
  return outcome.value;
};
const refused = (given: Partial<NetworkOutputs>, observation: Observation = seen()) => {
  const outcome = decode(outputsFor(observation, given), observation, config());
  if (outcome.ok) throw new Error(`not refused: ${outcome.value.draft.commandType}`);
  return outcome.error;
};

describe('what is done', () => {
  it.each([
    [0, { commandType: 'SEED', targetSeedId: 'seed-a' }],
    [1, { commandType: 'OPTIMIZER', optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr_delta: 0 } } }],
    [2, { commandType: 'PAUSE', annotations: expect.objectContaining({ reason: 'policy' }) }],
    [3, { commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState: 'OPEN', rationale: 'policy_action' } }],
    [4, { commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState: 'CLOSED', rationale: 'policy_action' } }],
  ])('PB-02: class %i is %j', (index, expected) => {
    const { draft, chosen } = proposed({ policyLogits: favouring(index) });
    expect(draft).toMatchObject({ version: 1, issuedBy: 'tamiyo', ...expected });
    expect(draft.annotations['policy_action']).toBe(String(index));
    expect(chosen.action).toBe(ACTIONS[index]);
    expect('reason' in draft.annotations).toBe(index === 2);
  });

  it('P-D5: 27 classes without a meaning cannot be chosen, however sure the network is', () => {
    const policyLogits = new Float32Array(32).fill(50);
    policyLogits.set([1, 2, 5, 4, 3]);
    const { chosen } = proposed({ policyLogits });
    expect(chosen).toMatchObject({ index: 2, action: 'pause', logit: 5, gap: 1 });
  });

  it('ties go to the first class', () => {
    expect(proposed({ policyLogits: new Float32Array(32).fill(1) }).chosen.index).toBe(0);
  });

  it('P-D1: the same outputs give the same proposal, and nothing given is changed', () => {
    const observation = seen();
    const outputs = outputsFor(observation, { policyLogits: favouring(0) });
    const copy = structuredClone({ outputs, observation });
    expect(decode(outputs, observation, config())).toEqual(decode(outputs, observation, config()));
    expect({ outputs, observation }).toEqual(copy);
  });
});

describe('which seed, which blueprint', () => {
  const three = packet({ seedStates: [seed('a'), seed('b'), seed('c', { stage: 'FOSSILIZED' })] });
  const two = [blueprint('bp-a'), blueprint('bp-b')];

  it('PB-12, P-D13: the best score among the seeds that may be grafted onto', () => {
    const observation = seen({ packet: three });
    const { draft, selection } = proposed(
      { policyLogits: favouring(0), seedScores: Float32Array.of(1, 2, 9) },
      observation,
    );
    expect(draft.targetSeedId).toBe('b');
    expect(draft.annotations['selected_seed']).toBe('b');
    expect(selection).toMatchObject({ seedIndex: 1, seedScore: 2 });
  });

  it('PB-12: the first wins a tie, and a seed without an id is passed over', () => {
    const seedStates = [seed(' '), seed('b'), seed('c')];
    const observation = seen({ packet: packet({ seedStates }) });
    const given = { policyLogits: favouring(0), seedScores: Float32Array.of(9, 1, 1) };
    expect(proposed(given, observation).draft.targetSeedId).toBe('b');
  });

  it('PB-13: the best score among the blueprints of known risk', () => {
    const observation = seen({ blueprints: [...two, blueprint('bp-c', { risk: 'high' })] });
    const { draft } = proposed({ policyLogits: favouring(0), blueprintScores: Float32Array.of(1, 3, 9) }, observation);
    expect(draft.seedOperation?.blueprintId).toBe('bp-b');
    expect(draft.annotations['selected_blueprint']).toBe('bp-b');
  });

  it('P-D13: while every seed is busy a graft is masked, says so, and the next best action is taken', () => {
    const seedStates = [seed('a', { stage: 'TRAINING' }), seed('b', { stage: 'CULLED' })];
    const observation = seen({ packet: packet({ seedStates }) });
    const policyLogits = favouring(0);
    policyLogits[3] = 1;
    const { chosen, draft } = proposed({ policyLogits }, observation);
    expect(chosen).toMatchObject({
      action: 'open_breaker',
      masked: [{ action: 'germinate', reason: 'no_eligible_seed' }],
    });
    expect('selected_seed' in draft.annotations).toBe(false);
  });

  it('a seed of unreadable risk is no target', () => {
    const seedStates = [seed('a', { riskScore: Number.NaN }), seed('b')];
    const observation = seen({ packet: packet({ seedStates }) });
    const given = { policyLogits: favouring(0), seedScores: Float32Array.of(9, 1) };
    expect(proposed(given, observation).draft.targetSeedId).toBe('b');
  });

  it('PB-01: a graft without any seed is the violation no_seed_candidates, never a pause', () => {
    const observation = seen({ packet: packet({ seedStates: [] }) });
    expect(refused({ policyLogits: favouring(0) }, observation)).toMatchObject({
      code: 'dependency_violation',
      reason: 'no_seed_candidates',
      message: 'tamiyo dependency violation: no_seed_candidates',
      context: { training_run_id: 'run-3', packet_id: 'packet-7' },
    });
  });

  it.each([1, 2, 3, 4])('W-D-42: an empty system still decides: class %i needs no seed', (index) => {
    const observation = seen({ packet: packet({ seedStates: [] }) });
    expect(proposed({ policyLogits: favouring(index) }, observation).chosen.index).toBe(index);
  });

  it('PB-03: seeds without a visible id are no target', () => {
    const observation = seen({ packet: packet({ seedStates: [seed(' '), seed('\u001c\ufeff')] }) });
    expect(refused({ policyLogits: favouring(0) }, observation)).toMatchObject({
      reason: 'seed command missing target_seed_id',
      context: { command_id: '<unset>', packet_id: 'packet-7', training_run_id: 'run-3' },
    });
  });

  it.each([[[]], [[blueprint('bp', { risk: Number.NaN })]], [[blueprint(' ')]]])(
    'PB-04: a graft without a usable blueprint is refused',
    (blueprints) => {
      expect(refused({ policyLogits: favouring(0) }, seen({ blueprints }))).toMatchObject({
        reason: 'seed command missing blueprint_id',
        dependencyType: 'blueprint',
        context: { seed_id: 'seed-a' },
      });
    },
  );

  it('D-26: the id of a packet never becomes a blueprint', () => {
    const observation = seen({ packet: packet({ packetId: 'run-3-step-1' }), blueprints: [] });
    expect(JSON.stringify(proposed({ policyLogits: favouring(2) }, observation).draft.annotations)).not.toContain(
      'run-3-step-1',
    );
  });
});

describe('how much', () => {
  it.each([
    [0, 0.1],
    [0.95, 1],
    [-0.5, 0],
    [0.4, 0.5],
  ])('PB-06, D-29: a delta of %d asks for alpha %d, never beyond 0..1', (delta, alpha) => {
    const { draft } = proposed({ policyLogits: favouring(0), policyParams: Float32Array.of(delta, 0, 0, 0) });
    expect(draft.seedOperation?.parameters['alpha']).toBeCloseTo(alpha, 6);
    expect(Object.keys(draft.seedOperation?.parameters ?? {}).sort()).toEqual([
      'alpha',
      'blending_method_index',
      'blending_schedule_end',
      'blending_schedule_start',
    ]);
  });

  it('P-D14: alpha keeps to the bounds of the blueprint, and lr_delta to its scale', () => {
    const bounded = blueprint('bp', { allowedParameters: { alpha: { minValue: 0.2, maxValue: 0.3 } } });
    const observation = seen({ blueprints: [bounded] });
    const at = (delta: number) =>
      proposed({ policyLogits: favouring(0), policyParams: Float32Array.of(delta, 0, 0, 0) }, observation).draft
        .seedOperation?.parameters['alpha'];
    expect([at(-1), at(1)]).toEqual([0.2, 0.3]);
    const scaled = resolveDecodeConfig({ bundleDigest: 'ab', lrDeltaScale: 0.5, optimizerId: 'adamw' });
    const outcome = decode(
      outputsFor(observation, { policyLogits: favouring(1), policyParams: Float32Array.of(0.5, 0, 0, 0) }),
      observation,
      scaled,
    );
    expect(outcome.ok && outcome.value.draft.optimizerAdjustment).toEqual({
      optimizerId: 'adamw',
      hyperparameters: { lr_delta: 0.25 },
    });
  });

  it('PB-07: lr_delta is the parameter delta', () => {
    const { draft } = proposed({ policyLogits: favouring(1), policyParams: Float32Array.of(-0.25, 0, 0, 0) });
    expect(draft.optimizerAdjustment?.hyperparameters).toEqual({ lr_delta: -0.25 });
    expect(draft.annotations['policy_param_delta']).toBe('-0.250000');
  });

  it.each([
    [[-1, 1], '0.0000', '1.0000'],
    [[1, -1], '0.0000', '1.0000'],
    [[0, 0.5], '0.5000', '0.7500'],
    [[-1.5, 3], '0.0000', '1.0000'],
  ])('PB-08: schedule %j is %s..%s on every command', (raw, start, end) => {
    for (const index of [0, 1, 2, 3, 4]) {
      const { draft, blend } = proposed({ policyLogits: favouring(index), schedule: Float32Array.from(raw) });
      expect(draft.annotations).toMatchObject({
        blending_schedule_units: 'fraction_0_1',
        blending_schedule_start: start,
        blending_schedule_end: end,
      });
      expect(blend.scheduleStart).toBe(Number(start));
    }
  });

  it('PB-09: breaker scores are two sigmoids with four decimals', () => {
    const { annotations } = proposed({ breakerLogits: Float32Array.of(1, -1) }).draft;
    expect(annotations).toMatchObject({ breaker_open_score: '0.7311', breaker_close_score: '0.2689' });
  });

  it.each([
    [[9, 0, 0], 'linear', 0],
    [[0, 9, 0], 'cosine', 1],
    [[0, 0, 9], 'warmup_hold', 2],
    [[1, 1, 1], 'linear', 0],
  ])('PB-11: blending logits %j are the shape %s', (logits, shape, index) => {
    const { draft, blend } = proposed({ policyLogits: favouring(0), blendingLogits: Float32Array.from(logits) });
    expect(draft.annotations['blending_method']).toBe(shape);
    expect(draft.seedOperation?.parameters['blending_method_index']).toBe(index);
    expect(blend.shape).toBe(shape);
  });
});

describe('how dangerous', () => {
  const risk = (logits: readonly number[]) => proposed({ riskLogits: Float32Array.from(logits) });

  it('PB-10, D-29: a prediction that is sure of the safest class is safe, not critical', () => {
    const { policy, draft } = risk([20, 0, 0, 0, 0]);
    expect(policy.riskIndex).toBe(0);
    expect(policy.riskScore).toBeLessThan(0.001);
    expect(draft.annotations).toMatchObject({ policy_risk_index: '0', policy_risk_score: '0.000000' });
    expect(risk([0, 0, 0, 0, 20]).policy.riskScore).toBeGreaterThan(0.999);
  });

  it('P-D4: the score is the expected severity, and the whole distribution is published', () => {
    const { policy } = risk([0, 0, 0, 0, 0]);
    expect(policy.riskScore).toBeCloseTo(0.5, 12);
    expect(policy.riskDistribution).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -500, max: 500 }), { minLength: 5, maxLength: 5 }),
        (logits) => {
          const { riskDistribution, riskScore, riskIndex } = risk(logits).policy;
          expect(riskDistribution.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
          expect(riskScore).toBeCloseTo(
            riskDistribution.reduce((sum, p, k) => sum + (p * k) / 4, 0),
            12,
          );
          expect(riskScore >= 0 && riskScore <= 1).toBe(true);
          expect(riskDistribution[riskIndex]).toBe(Math.max(...riskDistribution));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what is said', () => {
  it('PB-14, DP-05: the annotations of a proposal, to the letter', () => {
    const given = { policyLogits: favouring(2), policyParams: Float32Array.of(0.125, 0, 0, 0), value: -1.2909216 };
    const { draft } = proposed(given);
    expect(draft.annotations).toEqual({
      training_run_id: 'run-3',
      policy_version: 'tamiyo_gnn_v1',
      policy_action: '2',
      policy_param_delta: '0.125000',
      policy_value_estimate: '-1.290922',
      policy_risk_index: '0',
      policy_risk_score: '0.500000',
      blending_method: 'linear',
      blending_schedule_units: 'fraction_0_1',
      blending_schedule_start: '0.5000',
      blending_schedule_end: '0.5000',
      breaker_open_score: '0.5000',
      breaker_close_score: '0.5000',
      feature_coverage: fixedDecimal(seen().coverage.ratio, 3),
      selected_seed: 'seed-a',
      selected_blueprint: 'bp-a',
      reason: 'policy',
    });
  });

  it('PB-15: what was chosen is a value of this decision; another decision cannot overwrite it', () => {
    const first = proposed({ policyLogits: favouring(0) });
    const copy = structuredClone(first);
    proposed({ policyLogits: favouring(3) }, seen({ packet: packet({ seedStates: [] }) }));
    expect(first).toEqual(copy);
    expect(first.draft.decision).toMatchObject({
      policy: first.policy,
      blend: first.blend,
      selection: first.selection,
    });
  });

  it('D-27: the host layers of the chosen blueprint are named, and left out when the catalogue has none', () => {
    const mesh = (layers: readonly string[] | undefined) => {
      const { meshHostLayers: _, ...plain } = graphOf();
      const graph = layers === undefined ? plain : { ...plain, meshHostLayers: layers };
      return proposed({ policyLogits: favouring(0) }, seen({ blueprints: [blueprint('bp', { graph })] })).draft
        .annotations['mesh_host_layers'];
    };
    expect(mesh(['fc.weight', 'conv1.bias'])).toBe('["fc.weight","conv1.bias"]');
    expect(mesh(undefined)).toBeUndefined();
    expect('mesh_host_layers' in proposed({ policyLogits: favouring(2) }).draft.annotations).toBe(false);
  });
});

describe('outputs that are none', () => {
  const heads = [
    'policyLogits',
    'blendingLogits',
    'riskLogits',
    'breakerLogits',
    'policyParams',
    'schedule',
    'graphEmbedding',
    'seedScores',
    'blueprintScores',
  ] as const;

  it.each(heads.flatMap((head) => [Number.NaN, Number.POSITIVE_INFINITY].map((bad) => [head, bad] as const)))(
    'P-D7, D-30: %s with %d gives no command at all, and no pause in its place',
    (head, bad) => {
      const observation = seen();
      const outputs = outputsFor(observation);
      outputs[head][0] = bad;
      expect(decode(outputs, observation, config())).toEqual({
        ok: false,
        error: { code: 'nonfinite_output', head, index: 0 },
      });
    },
  );

  it('P-D7: so does a value that is not finite', () => {
    expect(refused({ value: Number.NaN })).toEqual({ code: 'nonfinite_output', head: 'value', index: 0 });
  });

  it.each(heads)('P-D39: %s of another width is refused, not folded', (head) => {
    const observation = seen();
    const outputs = outputsFor(observation);
    const longer = new Float32Array(outputs[head].length + 1);
    const expected = outputs[head].length;
    expect(decode({ ...outputs, [head]: longer }, observation, config())).toEqual({
      ok: false,
      error: { code: 'head_width', head, expected, actual: expected + 1 },
    });
  });
});

describe('configuration', () => {
  it('PB-23: is resolved once, frozen, and not read from the environment', () => {
    const given = { bundleDigest: 'ab', blend: { enabled: true } };
    const resolved = resolveDecodeConfig(given);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.blend)).toBe(true);
    given.blend.enabled = false;
    expect(resolved.blend.enabled).toBe(true);
  });

  it.each([
    [{ bundleDigest: '' }, 'bundleDigest is blank'],
    [{ lrDeltaScale: Number.NaN }, 'lrDeltaScale is NaN'],
    [{ lrDeltaScale: 2 }, 'lrDeltaScale is 2'],
    [{ optimizerId: ' ' }, 'optimizerId is blank'],
    [{ dims: { ...DEFAULT_DIMS, policyClassCount: 4 } }, 'dims.policyClassCount is 4'],
    [{ dims: { ...DEFAULT_DIMS, blendingClassCount: 4 } }, 'dims.blendingClassCount is 4'],
    [{ dims: { ...DEFAULT_DIMS, riskClassCount: 1 } }, 'dims.riskClassCount is 1'],
    [{ dims: { ...DEFAULT_DIMS, scheduleOutputWidth: 3 } }, 'dims.scheduleOutputWidth is 3'],
    [{ blend: { gateK: -1 } }, 'blend.gateK is -1'],
    [{ blend: { gateTau: Number.NaN } }, 'blend.gateTau is NaN'],
    [{ blend: { alphaLo: 0.9, alphaHi: 0.1 } }, 'blend.alphaHi is 0.1; a number from 0.9 to 1'],
    [{ blend: { alphaVecMax: 65 } }, 'blend.alphaVecMax is 65; a number from 1 to 64'],
    [{ blend: { alphaVecMax: 1.5 } }, 'blend.alphaVecMax is 1.5; a whole number'],
    [{ blend: { mode: 'NONSENSE' as 'CONVEX' } }, 'blend.mode is NONSENSE; one of CONVEX'],
    [{ blend: { enabled: 'yes' as unknown as boolean } }, 'blend.enabled is yes'],
  ])('CF-32: %j is refused with the name of the knob', (given, message) => {
    expect(() => resolveDecodeConfig({ bundleDigest: 'ab', ...given })).toThrow(message);
  });
});
