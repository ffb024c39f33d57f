import { SEED_STAGES, type SeedStage } from '@esper/leyline';
import { expect, it } from 'vitest';
import { enterStage } from '../../src/core/advance-seeds.js';
import { SEED_TRANSITIONS, transition } from '../../src/core/seed-lifecycle.js';

const stages = Object.keys(SEED_STAGES) as SeedStage[];
const legal = new Set([
  'DORMANT>GERMINATED',
  'GERMINATED>TRAINING',
  'GERMINATED>CULLED',
  'TRAINING>BLENDING',
  'TRAINING>CULLED',
  'BLENDING>SHADOWING',
  'BLENDING>CULLED',
  'SHADOWING>PROBATIONARY',
  'SHADOWING>CULLED',
  'PROBATIONARY>FOSSILIZED',
  'PROBATIONARY>CULLED',
  'FOSSILIZED>TERMINATED',
  'CULLED>EMBARGOED',
  'EMBARGOED>RESETTING',
  'RESETTING>DORMANT',
]);

it.each(stages.flatMap((from) => stages.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
  const allowed = legal.has(`${from}>${to}`);
  expect(transition(from, to)).toEqual(allowed ? { ok: true, value: to } : { ok: false, error: 'illegal_transition' });
});

it('every stage has its row', () => {
  expect(Object.keys(SEED_TRANSITIONS).sort()).toEqual([...stages].sort());
});

it('an illegal step of our own making is a bug, and thrown', () => {
  const slot = { seedId: 's', site: 0, stage: 'FOSSILIZED', stageSteps: 1, ageSteps: 9 } as const;
  expect(() => enterStage(slot, 'CULLED')).toThrow(/FOSSILIZED to CULLED/);
});
