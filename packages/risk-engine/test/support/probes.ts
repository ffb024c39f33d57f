import type { BlueprintDescriptor, SafetySheet, Signal } from '@esper/leyline';
import type { RiskInput, RiskState, SignalName } from '../../src/index.js';
import { METRIC_VALUES } from './random-context.js';

/** A place in the input that holds one signal: how to set it, how to take it away, and values worth trying. */
export interface Probe {
  readonly name: string;
  /** Name in the signal table, where presence and age are looked up; `null` where there is none. */
  readonly signal: SignalName | null;
  readonly values: readonly Signal[];
  /** What is no evidence here. */
  readonly bad: readonly Signal[];
  /** The input with the signal set, or `null` where this input has no place for it. */
  set(input: RiskInput, value: Signal): RiskInput | null;
  /** The input without it; `null` where it cannot be absent. */
  remove(input: RiskInput): RiskInput | null;
}

const BAD: readonly Signal[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'n/a', '', '0.1'];

const metric = (name: string): Probe => ({
  name,
  signal: name as SignalName,
  values: [...(METRIC_VALUES[name] ?? []), -1e300, 1e300],
  bad: BAD,
  set: (input, value) => ({
    ...input,
    packet: { ...input.packet, trainingMetrics: { ...input.packet.trainingMetrics, [name]: value } },
  }),
  remove(input) {
    const { [name]: _gone, ...trainingMetrics } = input.packet.trainingMetrics;
    return { ...input, packet: { ...input.packet, trainingMetrics } };
  },
});

const withDescriptor = (input: RiskInput, over: Partial<BlueprintDescriptor>): RiskInput | null =>
  input.blueprint.kind === 'known'
    ? { ...input, blueprint: { kind: 'known', descriptor: { ...input.blueprint.descriptor, ...over } } }
    : null;

const withSheet = (input: RiskInput, over: Record<string, Signal>): RiskInput | null => {
  const sheet = input.blueprint.kind === 'known' ? input.blueprint.descriptor.sheet : undefined;
  return sheet === undefined ? null : withDescriptor(input, { sheet: { ...sheet, ...over } as SafetySheet });
};

const sheetWord = (name: string, key: string, words: readonly string[]): Probe => ({
  name,
  signal: null,
  values: words,
  bad: ['', ` ${words[0]}`, 'CR1TICAL', 'quarantined', 'UNKNOWN'],
  set: (input, value) => withSheet(input, { [key]: value }),
  remove: () => null,
});

/** Every place a signal comes in by. */
export const PROBES: readonly Probe[] = [
  ...Object.keys(METRIC_VALUES).map(metric),
  {
    name: 'policy.riskScore',
    signal: 'policy_risk_score',
    values: [0, 0.5, 0.849, 0.85, 0.979, 0.98, 1, 9],
    bad: BAD,
    set: (input, riskScore) => ({ ...input, policy: { ...input.policy, riskScore } }),
    remove: (input) => ({ ...input, policy: { ...input.policy, riskScore: undefined } }),
  },
  {
    name: 'coverage.ratio',
    signal: 'coverage',
    values: [0, 0.1, 0.2, 0.3, 1],
    bad: BAD,
    set: (input, ratio) => ({ ...input, coverage: { ratio, byType: {}, missing: 0 } }),
    remove: (input) => ({ ...input, coverage: undefined }),
  },
  {
    name: 'validationLoss',
    signal: 'loss_delta',
    values: [-1e300, 0, 1, 1.08, 1.2, 2, 1e300],
    bad: BAD,
    set: (input, validationLoss) => ({ ...input, packet: { ...input.packet, validationLoss } }),
    remove(input) {
      const { validationLoss: _gone, ...packet } = input.packet;
      return { ...input, packet };
    },
  },
  {
    name: 'blueprint.risk',
    signal: null,
    values: [0, 0.49, 0.5, 0.79, 0.8, 1],
    bad: BAD,
    set: (input, risk) => withDescriptor(input, { risk }),
    remove: () => null,
  },
  {
    name: 'sheet.riskScore',
    signal: null,
    values: [0, 0.49, 0.5, 0.79, 0.8, 1],
    bad: BAD,
    set: (input, riskScore) => withSheet(input, { riskScore }),
    remove: () => null,
  },
  sheetWord('sheet.hazardBand', 'hazardBand', ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'critical']),
  sheetWord('sheet.handlingClass', 'handlingClass', ['standard', 'restricted', 'quarantine', 'Quarantine']),
  {
    name: 'hardware.availableMemoryGb',
    signal: 'memory_ratio',
    values: [0, 2, 10, 40, 80],
    bad: BAD,
    set: (input, availableMemoryGb) => ({
      ...input,
      packet: { ...input.packet, hardwareContext: { totalMemoryGb: 80, availableMemoryGb } },
    }),
    remove(input) {
      const { hardwareContext: _gone, ...packet } = input.packet;
      return { ...input, packet };
    },
  },
  {
    name: 'seedStates.riskScore',
    signal: 'seed_risk',
    values: [0, 0.5, 0.75, 1],
    bad: BAD,
    set: (input, riskScore) => ({
      ...input,
      packet: { ...input.packet, seedStates: [{ seedId: 'seed-9', stage: 'TRAINING', riskScore, metrics: {} }] },
    }),
    remove: (input) => ({ ...input, packet: { ...input.packet, seedStates: [] } }),
  },
];

/** The state in which the signal was last seen so long ago. */
export const lastSeen = (state: RiskState, signal: SignalName, agoMs: number): RiskState => ({
  ...state,
  seenMs: { ...state.seenMs, [signal]: (state.clock?.elapsedMs ?? 0) - agoMs },
});
