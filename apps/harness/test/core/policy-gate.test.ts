import {
  DEFAULT_DIMS,
  decode,
  type NetworkOutputs,
  type Observation,
  observe,
  priorNormalizerState,
  resolveDecodeConfig,
  resolveObserveLimits,
} from '@esper/policy';
import { buildPacket } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { trainerBlueprints } from '../../src/core/blueprints.js';
import { executeCommand } from '../../src/core/execute-command.js';
import { newRun } from '../../src/core/new-run.js';
import { command } from '../support/commands.js';

const shape = { inputs: 8, width: 6, classes: 3 };
const fresh = newRun(shape, { seed: 3, learningRate: 0.1 });
const facts = { trainingRunId: 'run-test', seed: 3, optimizer: { baseLearningRate: 0.1, momentum: 0.9 } };

function observed(): Observation {
  const seed = { seedId: 'seed-fc1-a', stage: 'DORMANT', layerDepth: 0, ageEpochs: 0, metrics: {} } as const;
  const none = { seed: new Map(), blueprint: new Map(), layer_type: new Map(), activation_type: new Map() };
  const outcome = observe(
    {
      packet: buildPacket({ trainingRunId: 'run-test', seedStates: [seed] }),
      blueprints: trainerBlueprints(shape),
      vocabularies: none,
      statistics: priorNormalizerState(),
    },
    resolveObserveLimits(),
  );
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

/** What the network says when it wants a graft by `lead` over the next best action. */
function wantingGraft(observation: Observation, lead: number): NetworkOutputs {
  const policyLogits = new Float32Array(DEFAULT_DIMS.policyClassCount);
  policyLogits[0] = lead;
  return {
    policyLogits,
    blendingLogits: new Float32Array(DEFAULT_DIMS.blendingClassCount),
    riskLogits: new Float32Array(DEFAULT_DIMS.riskClassCount),
    value: 0,
    breakerLogits: new Float32Array(2),
    policyParams: new Float32Array(DEFAULT_DIMS.paramVectorWidth),
    schedule: Float32Array.of(0, 0.5),
    graphEmbedding: new Float32Array(DEFAULT_DIMS.gatHiddenWidth),
    seedScores: new Float32Array(observation.seeds.length),
    blueprintScores: new Float32Array(observation.blueprints.length),
  };
}

/** What the trainer multiplies alpha with, after it has executed the policy's own command. */
function gateInTrainer(lead: number): number {
  const observation = observed();
  const config = resolveDecodeConfig({ bundleDigest: 'a'.repeat(64), blend: { enabled: true, mode: 'CONFIDENCE' } });
  const proposal = decode(wantingGraft(observation, lead), observation, config);
  if (!proposal.ok) throw new Error(JSON.stringify(proposal.error));
  const executed = executeCommand(fresh, { command: command(proposal.value.draft), heldMs: 0 }, facts);
  expect(executed.refused).toBeUndefined();
  const module = executed.state.seeds[0]?.module;
  expect(module?.mode).toBe('CONFIDENCE');
  return module?.blend.factors[0] ?? Number.NaN;
}

describe('from the logits of the policy to the gate in the trainer', () => {
  it("BL-07: changing the policy's logits, and nothing else, changes the gate the trainer blends with", () => {
    const [unsure, inBetween, sure] = [gateInTrainer(0), gateInTrainer(0.5), gateInTrainer(4)];
    expect(unsure).toBeLessThan(0.5);
    expect(inBetween).toBeGreaterThan(unsure);
    expect(sure).toBeGreaterThan(inBetween);
    expect(sure).toBeGreaterThan(0.99);
  });
});
