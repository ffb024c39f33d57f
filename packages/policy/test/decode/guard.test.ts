import type { CommandDraft } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  type DependencyViolation,
  decode,
  dependencyEvent,
  type GuardContext,
  guard,
  POLICY_ERRORS,
  resolveDecodeConfig,
} from '../../src/index.js';
import { blueprint, graphOf, packet, seen } from '../observe/scene.js';
import { favouring, outputsFor } from './heads.js';

const proposal = (index: number): CommandDraft => {
  const observation = seen();
  const outcome = decode(
    outputsFor(observation, { policyLogits: favouring(index) }),
    observation,
    resolveDecodeConfig({ bundleDigest: 'ab' }),
  );
  if (!outcome.ok) throw new Error('refused');
  return outcome.value.draft;
};
const graft = proposal(0);
const context: GuardContext = { packet: packet(), knownBlueprintIds: new Set(['bp-a']) };
const without = <Key extends keyof CommandDraft>(draft: CommandDraft, key: Key): CommandDraft => {
  const { [key]: _, ...rest } = draft;
  return rest as CommandDraft;
};
const operation = (given: Partial<NonNullable<CommandDraft['seedOperation']>>): CommandDraft => ({
  ...graft,
  seedOperation: { operation: 'GERMINATE', blueprintId: 'bp-a', parameters: {}, ...given },
});
const mesh = (text: string | undefined): CommandDraft => {
  const { mesh_host_layers: _, ...annotations } = graft.annotations;
  return { ...graft, annotations: text === undefined ? annotations : { ...annotations, mesh_host_layers: text } };
};
const violation = (draft: CommandDraft, given: Partial<GuardContext> = {}): DependencyViolation => {
  const outcome = guard(draft, { ...context, ...given });
  if (outcome.ok) throw new Error('let through');
  return outcome.error;
};

describe('guard', () => {
  it.each([0, 1, 2, 3, 4])('lets class %i through, unchanged', (index) => {
    const draft = proposal(index);
    const outcome = guard(draft, context);
    expect(outcome.ok && outcome.value).toBe(draft);
  });

  const cases: readonly (readonly [
    string,
    string,
    CommandDraft,
    Partial<GuardContext>,
    Partial<DependencyViolation>,
  ])[] = [
    [
      'DG-06',
      'seed command missing seed_operation',
      without(graft, 'seedOperation'),
      {},
      { dependencyType: 'seed_operation', identifier: '<empty>' },
    ],
    [
      'DG-06',
      'seed command missing target_seed_id',
      { ...graft, targetSeedId: ' \t' },
      {},
      { dependencyType: 'seed', identifier: '<empty>' },
    ],
    ['DG-06', 'seed command missing target_seed_id', without(graft, 'targetSeedId'), {}, { dependencyType: 'seed' }],
    [
      'DG-06',
      'seed operation missing blueprint_id',
      operation({ blueprintId: ' ' }),
      {},
      { dependencyType: 'blueprint', identifier: '<empty>' },
    ],
    [
      'PB-05',
      'seed operation names a placeholder blueprint_id',
      operation({ blueprintId: 'bp-unknown' }),
      { knownBlueprintIds: new Set(['bp-unknown']) },
      { identifier: 'bp-unknown' },
    ],
    [
      'D-26',
      'seed operation names a placeholder blueprint_id',
      operation({ blueprintId: 'packet-7' }),
      { unknownBlueprintAllowed: true },
      { identifier: 'packet-7' },
    ],
    [
      'DG-03',
      'missing seed seed-1',
      { ...graft, targetSeedId: 'seed-1' },
      {},
      { dependencyType: 'seed', identifier: 'seed-1' },
    ],
    [
      'DG-09',
      'missing blueprint bp-a',
      graft,
      { knownBlueprintIds: new Set() },
      { dependencyType: 'blueprint', identifier: 'bp-a' },
    ],
    ['D-27', 'missing_mesh_layers', mesh(undefined), {}, { dependencyType: 'mesh_host_layers', identifier: 'bp-a' }],
    ['BL-11', 'missing_mesh_layers', mesh(' '), {}, {}],
    ['BL-11', 'mesh_layers_not_list', mesh('fc.weight'), {}, {}],
    ['BL-11', 'mesh_layers_not_list', mesh('{"a":1}'), {}, {}],
    ['BL-11', 'mesh_layers_empty', mesh('[]'), {}, {}],
    ['BL-11', 'invalid_mesh_layers', mesh('["a","a"]'), {}, {}],
    ['BL-11', 'invalid_mesh_layers', mesh('[" "]'), {}, {}],
    ['BL-11', 'invalid_mesh_layers', mesh(JSON.stringify(Array.from({ length: 129 }, (_, i) => `l${i}`))), {}, {}],
    [
      'DG-10',
      'packet missing training_run_id',
      graft,
      { packet: packet({ trainingRunId: ' ' }) },
      { dependencyType: 'training_run', identifier: '<empty>' },
    ],
    [
      'DG-10',
      'packet missing training_run_id',
      proposal(2),
      { packet: packet({ trainingRunId: 'run-unknown' }) },
      { identifier: 'run-unknown' },
    ],
  ];

  it.each(cases)('%s: %s', (_id, reason, draft, given, expected) => {
    const found = violation(draft, given);
    expect(found).toMatchObject({ code: 'dependency_violation', subsystem: 'tamiyo', reason, ...expected });
    expect(found.message).toBe(`tamiyo dependency violation: ${reason}`);
  });

  it.each(cases)(
    'DG-04, DG-05: "%2$s" becomes CRITICAL telemetry with both sets of names',
    (_id, reason, draft, given) => {
      const found = violation(draft, given);
      expect(dependencyEvent(found)).toEqual({
        description: 'dependency_guard.violation',
        level: 'CRITICAL',
        attributes: {
          ...found.context,
          subsystem: 'tamiyo',
          artifact_type: found.dependencyType,
          artifact_id: found.identifier,
          dependency_type: found.dependencyType,
          identifier: found.identifier,
          reason,
        },
      });
    },
  );

  it('DG-06: the first failure wins, in the order of the contract', () => {
    const worst = { ...without(graft, 'seedOperation'), targetSeedId: '', annotations: {} };
    const none: Partial<GuardContext> = {
      knownBlueprintIds: new Set(),
      packet: packet({ trainingRunId: '', seedStates: [] }),
    };
    const reasons: string[] = [];
    const steps: [CommandDraft, Partial<GuardContext>][] = [
      [worst, none],
      [worst, { knownBlueprintIds: new Set() }],
      [
        { ...worst, seedOperation: { operation: 'GERMINATE', blueprintId: '', parameters: {} } },
        { knownBlueprintIds: new Set() },
      ],
      [{ ...operation({ blueprintId: '' }), annotations: {} }, { knownBlueprintIds: new Set() }],
      [
        { ...graft, annotations: {} },
        { knownBlueprintIds: new Set(), packet: packet({ seedStates: [] }) },
      ],
      [{ ...graft, annotations: {} }, { knownBlueprintIds: new Set() }],
      [{ ...graft, annotations: {} }, {}],
    ];
    for (const [draft, given] of steps) reasons.push(violation(draft, given).reason);
    expect(reasons).toEqual([
      'packet missing training_run_id',
      'seed command missing seed_operation',
      'seed command missing target_seed_id',
      'seed operation missing blueprint_id',
      'missing seed seed-a',
      'missing blueprint bp-a',
      'missing_mesh_layers',
    ]);
  });

  it('DG-01, DG-02: the violation carries a copy of the context, with the command id named as unset', () => {
    const found = violation({ ...graft, targetSeedId: '' });
    expect(found.context).toEqual({ command_id: '<unset>', packet_id: 'packet-7', training_run_id: 'run-3' });
    expect(violation(without(graft, 'seedOperation')).context).toMatchObject({ command_type: 'SEED' });
  });

  it('DG-07, D-21: it judges the proposal as it is; a command already paused by someone else is not its business', () => {
    const bad = operation({ blueprintId: '' });
    expect(violation(bad).reason).toBe('seed operation missing blueprint_id');
    expect(guard({ ...bad, commandType: 'PAUSE' }, context).ok).toBe(true);
  });

  it('DG-09: relaxing the unknown blueprint relaxes nothing else', () => {
    const relaxed = { knownBlueprintIds: new Set<string>(), unknownBlueprintAllowed: true };
    expect(guard(graft, { ...context, ...relaxed }).ok).toBe(true);
    expect(violation({ ...graft, targetSeedId: '' }, relaxed).reason).toBe('seed command missing target_seed_id');
    expect(violation(mesh(undefined), relaxed).reason).toBe('missing_mesh_layers');
  });

  it('D-27: a graft onto a blueprint without host layers is refused end to end, a cull needs none', () => {
    const { meshHostLayers: _, ...plain } = graphOf();
    const observation = seen({ blueprints: [blueprint('bp-a', { graph: plain })] });
    const outcome = decode(
      outputsFor(observation, { policyLogits: favouring(0) }),
      observation,
      resolveDecodeConfig({ bundleDigest: 'ab' }),
    );
    if (!outcome.ok) throw new Error('refused too early');
    expect(violation(outcome.value.draft).reason).toBe('missing_mesh_layers');
    const cull = {
      ...mesh(undefined),
      seedOperation: { operation: 'CULL' as const, blueprintId: 'bp-a', parameters: {} },
    };
    expect(guard(cull, context).ok).toBe(true);
  });

  it('PB-18: there is no switch that turns strict ids off', () => {
    expect(Object.keys(context).concat('unknownBlueprintAllowed')).toEqual([
      'packet',
      'knownBlueprintIds',
      'unknownBlueprintAllowed',
    ]);
    expect(violation({ ...graft, targetSeedId: '' }, { unknownBlueprintAllowed: true }).code).toBe(
      'dependency_violation',
    );
    expect(POLICY_ERRORS.dependency_violation.next).toMatch(/do not invent/);
  });
});
