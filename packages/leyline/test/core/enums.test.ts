import { describe, expect, it } from 'vitest';
import {
  BUS_MESSAGE_TYPES,
  CIRCUIT_STATES,
  COMMAND_TYPES,
  EMERGENCY_LEVELS,
  FIELD_REPORT_OUTCOMES,
  finiteSignal,
  MESSAGE_PRIORITIES,
  SEED_OPERATIONS,
  SEED_STAGES,
} from '../../src/index.js';

/** Numbers as the public protobuf schema of Leyline gives them. */
const WIRE: readonly (readonly [Readonly<Record<string, number>>, readonly string[]])[] = [
  [
    COMMAND_TYPES,
    ['UNKNOWN', 'SEED', 'ROLLBACK', 'OPTIMIZER', 'CIRCUIT_BREAKER', 'PAUSE', 'EMERGENCY', 'STRUCTURAL_PRUNING'],
  ],
  [
    SEED_OPERATIONS,
    [
      'UNKNOWN',
      'GERMINATE',
      'START_TRAINING',
      'START_GRAFTING',
      'STABILIZE',
      'EVALUATE',
      'FINE_TUNE',
      'FOSSILIZE',
      'CULL',
      'CANCEL',
    ],
  ],
  [
    SEED_STAGES,
    [
      'UNKNOWN',
      'DORMANT',
      'GERMINATED',
      'TRAINING',
      'BLENDING',
      'SHADOWING',
      'PROBATIONARY',
      'FOSSILIZED',
      'CULLED',
      'EMBARGOED',
      'RESETTING',
      'TERMINATED',
    ],
  ],
  [CIRCUIT_STATES, ['UNKNOWN', 'CLOSED', 'OPEN', 'HALF_OPEN']],
  [MESSAGE_PRIORITIES, ['UNSPECIFIED', 'LOW', 'NORMAL', 'HIGH', 'CRITICAL']],
  [EMERGENCY_LEVELS, ['UNSPECIFIED', 'NOTICE', 'ELEVATED', 'CONSERVATIVE', 'HALT']],
  [FIELD_REPORT_OUTCOMES, ['UNKNOWN', 'SUCCESS', 'NEUTRAL', 'REGRESSION', 'ABORTED']],
];

describe('wire numbers', () => {
  it.each(WIRE)('%o counts from zero in the order of the schema', (table, names) => {
    expect(Object.entries(table)).toEqual(names.map((name, number) => [name, number]));
  });

  it('bus message types keep their gaps', () => {
    expect(BUS_MESSAGE_TYPES).toMatchObject({
      SYSTEM_STATE: 1,
      POLICY_UPDATE: 5,
      EMERGENCY_SIGNAL: 10,
      BSDS_ISSUED: 20,
      BSDS_FAILED: 21,
    });
  });
});

describe('finiteSignal', () => {
  it.each([
    [1.5, 1.5],
    [0, 0],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['1.5', undefined],
    [undefined, undefined],
  ])('%o → %o', (given, expected) => {
    expect(finiteSignal(given)).toBe(expected);
  });
});
