import type { BlueprintDescriptor, CommandDraft, SystemStatePacket } from '@esper/leyline';
import type { MonoMs, UnixMs } from '@esper/std';
import type { RiskInput } from '../core/input.js';
import type { Instant } from '../core/time/engine-clock.js';

/** A blueprint nothing can be said against. */
export const calmBlueprint = (over: Partial<BlueprintDescriptor> = {}): BlueprintDescriptor => ({
  blueprintId: 'bp-calm',
  name: 'calm',
  tier: 'SAFE',
  risk: 0.1,
  stage: 1,
  quarantineOnly: false,
  approvalRequired: false,
  description: '',
  allowedParameters: {},
  ...over,
});

/** A proposal to germinate a seed. */
export const seedDraft = (over: Partial<CommandDraft> = {}): CommandDraft => ({
  version: 1,
  commandType: 'SEED',
  targetSeedId: 'seed-1',
  seedOperation: { operation: 'GERMINATE', blueprintId: 'bp-calm', parameters: { alpha: 0.1 } },
  issuedBy: 'tamiyo',
  annotations: {},
  ...over,
});

/** A packet of a run that is well. */
export const calmPacket = (over: Partial<SystemStatePacket> = {}): SystemStatePacket => ({
  version: 1,
  packetId: 'packet-1',
  trainingRunId: 'run-1',
  sourceSubsystem: 'tolaria',
  currentEpoch: 0,
  globalStep: 1,
  validationLoss: 1,
  trainingMetrics: {},
  seedStates: [],
  ...over,
});

/** A moment on both clocks, `ms` after an arbitrary start. */
export const momentAt = (ms: number): Instant => ({ wallMs: (1_700_000_000_000 + ms) as UnixMs, monoMs: ms as MonoMs });

/** An input nothing can be said against; `over` replaces whole fields. */
export const calmInput = (over: Partial<RiskInput> = {}): RiskInput => ({
  draft: seedDraft(),
  packet: calmPacket(),
  policy: { riskScore: 0.1, riskIndex: 0, version: 'policy-1' },
  blueprint: { kind: 'known', descriptor: calmBlueprint() },
  coverage: { ratio: 0.9, byType: {}, missing: 2 },
  at: momentAt(0),
  step: 1,
  ...over,
});

/** The calm input with these training metrics. */
export const inputWith = (
  trainingMetrics: SystemStatePacket['trainingMetrics'],
  over: Partial<RiskInput> = {},
): RiskInput => calmInput({ packet: calmPacket({ trainingMetrics }), ...over });
