import type { BlueprintDescriptor } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { observe, priorNormalizerState, rememberBlueprints, resolveObserveLimits } from '../../src/index.js';
import { bare, blueprint, graphOf, noNames, packet, seed, whole, wideLimits } from './scene.js';

const observed = (blueprints: readonly BlueprintDescriptor[], step: number) => ({
  packet: packet({ globalStep: step, seedStates: [seed(`seed-${step}`, { stage: 'BLENDING', layerDepth: 1 })] }),
  blueprints,
  vocabularies: noNames,
  statistics: priorNormalizerState(),
});

const SCENES: readonly (readonly [string, readonly BlueprintDescriptor[]])[] = [
  ['none', []],
  ['one', [blueprint('bp-a')]],
  ['several, one without structure, one unsound', [blueprint('bp-a'), bare('bp-b'), blueprint(' '), blueprint('bp-c')]],
  [
    'a cut chain',
    [
      blueprint('bp-a', {
        graph: graphOf({
          layerAdjacency: [
            [2, 0],
            [0, 1],
          ],
        }),
      }),
    ],
  ],
];

describe('prepared blueprints', () => {
  it.each(SCENES)(
    '%s: what is observed is the same to the bit, packet after packet, with caps and without',
    (_, blueprints) => {
      for (const limits of [wideLimits, resolveObserveLimits({ layersMax: 1, activationsMax: 0, parametersMax: 1 })]) {
        const remember = rememberBlueprints();
        for (const step of [1, 2]) {
          const input = observed(blueprints, step);
          expect(whole(observe(input, limits, remember))).toEqual(whole(observe(input, limits)));
        }
      }
    },
  );

  it('the memory of other blueprints, another order or other limits does not show', () => {
    const [a, b] = [blueprint('bp-a'), blueprint('bp-b', { risk: 0.7 })];
    const remember = rememberBlueprints();
    const input = observed([a, b], 1);
    for (const [blueprints, limits] of [
      [[a], wideLimits],
      [[b, a], wideLimits],
      [[a, b], { ...wideLimits, layersMax: 1 }],
    ] as const) {
      remember(blueprints, limits);
      expect(whole(observe(input, wideLimits, remember))).toEqual(whole(observe(input, wideLimits)));
    }
  });

  it('are made once for the same blueprints, and again for a copy of them', () => {
    const remember = rememberBlueprints();
    const blueprints = [blueprint('bp-a')];
    const first = remember(blueprints, wideLimits);
    expect(remember([...blueprints], wideLimits)).toBe(first);
    expect(remember([{ ...(blueprints[0] as BlueprintDescriptor) }], wideLimits)).not.toBe(first);
    expect(remember(blueprints, { ...wideLimits })).not.toBe(first);
  });
});
