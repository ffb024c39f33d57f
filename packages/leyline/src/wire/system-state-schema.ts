import { SEED_STAGES } from '../core/enums.js';
import type { HardwareContext, SeedState, SystemStatePacket } from '../core/system-state-packet.js';
import { LIMITS } from './limits.js';
import { list, mapOf, name, nameOf, record, signal, text, uint64, versionOne, whole } from './schema-parts.js';

const metrics = mapOf(signal, LIMITS.metricsMax);

export const seedStateSchema = record<SeedState>({
  seedId: name(),
  stage: nameOf(SEED_STAGES),
  learningRate: signal.optional(),
  gradientNorm: signal.optional(),
  riskScore: signal.optional(),
  layerDepth: whole().optional(),
  ageEpochs: whole().optional(),
  metrics,
});

export const hardwareContextSchema = record<HardwareContext>({
  deviceType: text(LIMITS.nameCharsMax).optional(),
  deviceId: text(LIMITS.nameCharsMax).optional(),
  totalMemoryGb: signal.optional(),
  availableMemoryGb: signal.optional(),
  temperatureCelsius: signal.optional(),
  utilizationPercent: signal.optional(),
  computeCapability: whole().optional(),
});

export const systemStateSchema = record<SystemStatePacket>({
  version: versionOne,
  packetId: name(),
  trainingRunId: name(),
  sourceSubsystem: name(),
  experimentName: text(LIMITS.nameCharsMax).optional(),
  currentEpoch: whole(),
  globalStep: whole(),
  timestampNs: uint64.optional(),
  trainingLoss: signal.optional(),
  validationLoss: signal.optional(),
  validationAccuracy: signal.optional(),
  trainingMetrics: metrics,
  hardwareContext: hardwareContextSchema.optional(),
  seedStates: list(seedStateSchema, LIMITS.seedStatesMax),
});
