import { describe, expect, it } from 'vitest';
import type { VectorOutcome } from '../differential/outcome.ts';
import { runServiceSequence } from '../differential/service-sequences.ts';

const CLOSED = [1, 0, null];
const OFF = { mode: false, enabled: false, last_reason: null, last_enter_s: null };
const AROUND = { cons: OFF, inference: CLOSED, metadata: CLOSED, last_validation_loss: null };
const LAST_ACTION = { action: { $f: '1.0' }, param_delta: { $f: '0.5' }, value_estimate: { $f: '0.25' } };

/** A step in which the policy found no seed, as the prototype records it. */
const noSeed = {
  in: {
    dt_s: 0.1,
    fault: 'no_seed',
    command: { version: 1 },
    state: { packetId: 'pkt-0', trainingRunId: 'run-1', validationLoss: 0.5, trainingMetrics: {} },
    last_action: LAST_ACTION,
    coverage: {},
    coverage_types: {},
  },
  out: {
    raises: 'DependencyViolationError',
    message: 'tamiyo dependency violation: no_seed_candidates',
    telemetry: [
      {
        packet_id: 'pkt-0',
        level: 4,
        metrics: {},
        events: [['evt-1', 'no_seed_candidates', 4, { packet_id: 'pkt-0', training_run_id: 'run-1' }]],
        health: [2, 'no_seed_candidates', { priority: 'MESSAGE_PRIORITY_CRITICAL' }],
      },
    ],
    ...AROUND,
  },
};

/** A step whose poor inputs the prototype passes over, because none of them is above 0. */
const blind = {
  in: {
    ...noSeed.in,
    fault: null,
    command: { version: 1, commandType: 'COMMAND_SEED', targetSeedId: 'seed-1' },
    coverage: { 'global.loss': 0 },
  },
  out: {
    raises: 'DependencyViolationError',
    message: 'tamiyo dependency violation: seed command missing seed_operation',
    telemetry: [],
    ...AROUND,
  },
};

const line = (...steps: readonly unknown[]) => ({
  init: { policy: { architecture_version: 'tamiyo_gnn_v1' }, blueprints: {}, secret: 'shared', mono0: 1000 },
  steps,
});
const outcomesOf = async (given: unknown) => (await runServiceSequence(given)) as readonly VectorOutcome[];

describe('service sequences', () => {
  it('a failed step is explained by what our failure says besides', async () => {
    expect(await outcomesOf(line(noSeed))).toEqual([{ kind: 'equal' }, { kind: 'explained', deviation: 'DEV-SV-04' }]);
  });

  it('a violation without telemetry is explained, and so is a packet that does not say whose it is', async () => {
    const { trainingRunId: _run, ...nameless } = blind.in.state;
    expect(await outcomesOf(line({ ...blind, in: { ...blind.in, state: nameless } }))).toEqual([
      { kind: 'explained', deviation: 'DEV-SV-03' },
      { kind: 'explained', deviation: 'DEV-SV-07' },
    ]);
  });

  it('a changed recording is unexplained', async () => {
    const [packet] = noSeed.out.telemetry;
    const changed = { ...noSeed.out, telemetry: [{ ...packet, health: [2, 'another', {}] }] };
    expect((await outcomesOf(line({ ...noSeed, out: changed })))[1]).toMatchObject({ kind: 'unexplained' });
    const silent = { ...blind.out, message: 'tamiyo dependency violation: something else' };
    expect((await outcomesOf(line({ ...blind, out: silent })))[1]).toMatchObject({ kind: 'unexplained' });
  });
});
