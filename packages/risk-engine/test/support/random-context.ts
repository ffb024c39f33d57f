import type { CommandType, Signal } from '@esper/leyline';
import { SeededRandom } from '@esper/testkit';
import { MODE_OFF, triggerMode } from '../../src/core/conservative/mode.js';
import type { RiskInput, RiskState } from '../../src/index.js';
import { initialRiskState, type RiskConfig, resolveRiskConfig } from '../../src/index.js';
import { calmBlueprint, calmPacket, momentAt, seedDraft } from '../../src/testing.js';

const TYPES: readonly CommandType[] = [
  'SEED',
  'SEED',
  'SEED',
  'OPTIMIZER',
  'PAUSE',
  'CIRCUIT_BREAKER',
  'ROLLBACK',
  'EMERGENCY',
  'STRUCTURAL_PRUNING',
];

/** Metric → values worth trying: around each threshold, and the extremes. */
export const METRIC_VALUES: Readonly<Record<string, readonly number[]>> = {
  hook_latency_ms: [0, 50, 50.001, 500],
  step_latency_ms: [0, 120, 120.001, 600],
  'kasmina.apply_ms': [0, 30, 30.001, 900],
  'kasmina.finalize_ms': [0, 30, 30.001, 900],
  'kasmina.isolation.violations': [-1, 0, 1, 1e9],
  gpu_util_percent: [0, 94.9, 95, 100],
  gpu_mem_free_gb: [0, 0.2, 0.201, 80],
  cpu_util_percent: [0, 94.9, 95, 100],
  loss_volatility: [0, 0.1124, 0.2, 0.6],
  grad_var: [0, 1, 1.001, 40],
  grad_conflict_rate: [0, 0.5, 0.501, 1],
  optimizer_lr: [-1, 0, 1e-9, 0.1],
  gradient_norm: [0, 5, 12, 21],
};

const METRICS = Object.keys(METRIC_VALUES);

/** A state, an input and a configuration that fit together. */
export interface RandomContext {
  readonly state: RiskState;
  readonly input: RiskInput;
  readonly config: RiskConfig;
}

function randomConfig(random: SeededRandom): RiskConfig {
  const mode = () => random.pick(['enforce', 'enforce', 'enforce', 'enforce', 'shadow', 'off'] as const);
  const names = [
    'policy_risk',
    'conservative_mode',
    'timeouts',
    'blueprint_risk',
    'safety_sheet',
    'loss',
    'latency',
    'isolation_and_device',
    'optimizer_hints',
    'degraded_inputs',
    'stabilisation',
    'multi_signal',
    'validation',
    'rollback',
  ] as const;
  return resolveRiskConfig({
    evaluators: Object.fromEntries(names.map((name) => [name, mode()])),
    sheet: { signature: random.pick(['optional', 'required'] as const) },
    adaptive: {
      mode: random.pick(['off', 'shadow', 'enforce'] as const),
      windowDecisions: 3,
      agreeingWindowsMin: 1,
      decay: 0,
    },
    pauseQuota: {
      mode: random.pick(['off', 'shadow', 'enforce'] as const),
      pausesMax: random.int(1, 2),
      escalation: random.pick(['page', 'emergency'] as const),
    },
    rollback: { directivesMax: random.int(0, 2) },
  });
}

/** Configurations cost more than assessments; a fixed set of them is drawn from. */
const CONFIGS = new Map<number, readonly RiskConfig[]>();

export function configsOf(seed: number): readonly RiskConfig[] {
  const known = CONFIGS.get(seed);
  if (known !== undefined) return known;
  const random = new SeededRandom(seed);
  const made = Array.from({ length: 256 }, () => randomConfig(random));
  CONFIGS.set(seed, made);
  return made;
}

function randomMetrics(random: SeededRandom): Record<string, Signal> {
  const metrics: Record<string, Signal> = {};
  for (const name of METRICS) {
    if (!random.chance(0.5)) continue;
    const values = METRIC_VALUES[name] ?? [];
    metrics[name] = random.chance(0.7) ? random.pick(values) : random.normal() * 100;
  }
  return metrics;
}

function randomSheet(random: SeededRandom): NonNullable<ReturnType<typeof calmBlueprint>['sheet']> {
  return {
    hazardBand: random.pick(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const),
    handlingClass: random.pick(['standard', 'restricted', 'quarantine'] as const),
    ...(random.chance(0.5) ? { riskScore: random.fraction() } : {}),
    signature: random.pick(['valid', 'invalid', 'absent', 'unchecked'] as const),
  };
}

function randomBlueprint(random: SeededRandom): RiskInput['blueprint'] {
  if (random.chance(0.15)) return { kind: 'none' };
  if (random.chance(0.1)) return { kind: 'missing', blueprintId: 'bp-gone' };
  const sheet = random.chance(0.5) ? { sheet: randomSheet(random) } : {};
  const risk = random.chance(0.5) ? random.fraction() * 0.5 : random.fraction();
  const flags = { quarantineOnly: random.chance(0.05), approvalRequired: random.chance(0.05) };
  return { kind: 'known', descriptor: calmBlueprint({ risk, ...flags, ...sheet }) };
}

function randomState(random: SeededRandom, config: RiskConfig): RiskState {
  const state = initialRiskState(config);
  const nowMs = 10_000_000;
  const moment = { elapsedMs: nowMs - random.int(0, 700_000), wallMs: 0 };
  return {
    ...state,
    clock: { elapsedMs: nowMs, monoMs: nowMs, offsetMs: momentAt(0).wallMs },
    decisions: 40,
    lastValidationLoss: random.chance(0.8) ? 1 : null,
    mode: random.chance(0.15) ? triggerMode(MODE_OFF, 'loss_spike', moment) : MODE_OFF,
    adaptations: random.chance(0.4) ? [{ seedId: 'seed-9', blueprintId: 'bp', decision: 40 - random.int(0, 30) }] : [],
    rollbacks: random.int(0, 2),
    adaptive: { ratio: 0.5 + random.fraction() * 1.5, samples: 0, stabilitySum: 0, streak: 0 },
    pauseQuota: { pausesMs: random.chance(0.4) ? [nowMs - 10, nowMs - 5] : [] },
  };
}

function randomInput(random: SeededRandom): RiskInput {
  const commandType = random.pick(TYPES);
  const { seedOperation: _seed, ...bare } = seedDraft();
  const draft =
    commandType === 'SEED'
      ? seedDraft({
          seedOperation: { operation: random.chance(0.1) ? 'CULL' : 'GERMINATE', blueprintId: 'bp', parameters: {} },
        })
      : {
          ...bare,
          commandType,
          ...(commandType === 'CIRCUIT_BREAKER'
            ? { circuitBreaker: { desiredState: random.pick(['OPEN', 'CLOSED'] as const), rationale: '' } }
            : {}),
        };
  return {
    draft,
    packet: calmPacket({
      trainingMetrics: randomMetrics(random),
      validationLoss: 1 + (random.chance(0.5) ? 0 : random.normal() * 0.2),
      ...(random.chance(0.3)
        ? { hardwareContext: { totalMemoryGb: 80, availableMemoryGb: random.fraction() * 80 } }
        : {}),
      seedStates: random.chance(0.3)
        ? [{ seedId: 'seed-9', stage: 'TRAINING', riskScore: random.fraction(), metrics: {} }]
        : [],
    }),
    policy: { riskScore: random.chance(0.5) ? random.fraction() * 0.8 : random.fraction(), version: 'p', riskIndex: 1 },
    blueprint: randomBlueprint(random),
    coverage: { ratio: random.chance(0.7) ? 0.5 : random.fraction(), byType: {}, missing: 1 },
    at: momentAt(10_000_000),
    step: 1,
  };
}

/** One random context. Same random stream, same context. */
export function randomContext(random: SeededRandom, configs: readonly RiskConfig[]): RandomContext {
  const config = random.pick(configs);
  return { state: randomState(random, config), input: randomInput(random), config };
}
