import { z } from 'zod';
import type {
  BlueprintDescriptor,
  GraphActivation,
  GraphLayer,
  GraphMetadata,
  GraphParameter,
  ParameterBounds,
  SafetySheet,
  SeedMonitor,
} from '../core/blueprint-descriptor.js';
import { BLUEPRINT_TIERS, HANDLING_CLASSES, HAZARD_BANDS } from '../core/enums.js';
import { LIMITS } from './limits.js';
import { digest, fact, flag, list, mapOf, name, nameOf, record, signal, text, whole, word } from './schema-parts.js';

const label = text(LIMITS.nameCharsMax);

const bounds = record<ParameterBounds>({ minValue: fact(), maxValue: fact() }).refine(
  ({ minValue, maxValue }) => minValue <= maxValue,
  { path: ['maxValue'], error: 'at least minValue' },
);

const safetySheetSchema = record<SafetySheet>({
  hazardBand: word(HAZARD_BANDS).optional(),
  handlingClass: word(HANDLING_CLASSES).optional(),
  riskScore: signal.optional(),
  resourceProfile: label.optional(),
  provenance: label.optional(),
  issuedAtMs: whole().optional(),
  signature: word(['valid', 'invalid', 'absent', 'unchecked']),
});

const layer = record<GraphLayer>({
  layerId: name(),
  type: label.optional(),
  depth: whole().optional(),
  latencyMs: signal.optional(),
  parameterCount: signal.optional(),
  dropoutRate: signal.optional(),
  weightNorm: signal.optional(),
  gradientNorm: signal.optional(),
  activation: label.optional(),
  inputChannels: whole().optional(),
  outputChannels: whole().optional(),
});

const activation = record<GraphActivation>({
  activationId: name(),
  type: label.optional(),
  saturationRate: signal.optional(),
  gradientFlow: signal.optional(),
  computationalCost: signal.optional(),
  nonlinearityStrength: signal.optional(),
});

const parameter = record<GraphParameter>({
  name: name(),
  min: signal.optional(),
  max: signal.optional(),
  default: signal.optional(),
  span: signal.optional(),
});

const monitor = record<SeedMonitor>({
  seedId: label.optional(),
  seedIndex: whole().optional(),
  layerIndex: whole(),
  weight: fact().optional(),
});

const PAIR_ERROR = { error: 'a pair of layer indices' };
const pair = z.tuple([whole(), whole()], PAIR_ERROR) as unknown as z.ZodType<readonly [number, number]>;

const graphMetadataSchema = record<GraphMetadata>({
  layers: list(layer, LIMITS.graphLayersMax),
  activations: list(activation, LIMITS.graphActivationsMax),
  parameters: list(parameter, LIMITS.graphParametersMax),
  layerAdjacency: list(pair, LIMITS.layerAdjacencyMax).optional(),
  monitors: list(monitor, LIMITS.monitorsMax).optional(),
  monitorThresholds: record<NonNullable<GraphMetadata['monitorThresholds']>>({
    riskMax: fact().optional(),
    stageMin: fact(0, 1).optional(),
  }).optional(),
  allowedParametersBySeedId: mapOf(list(name(), LIMITS.allowListNamesMax), LIMITS.allowListSeedsMax).optional(),
  allowedParametersBySeedIndex: mapOf(list(whole(), LIMITS.allowListNamesMax), LIMITS.allowListSeedsMax).optional(),
  allowedBlendingMethods: list(name(), LIMITS.tagsMax).optional(),
  meshHostLayers: list(name(), LIMITS.meshHostLayersMax).optional(),
  source: word(['urza', 'guard_spec']),
});

export const blueprintDescriptorSchema = record<BlueprintDescriptor>({
  blueprintId: name(),
  name: label,
  tier: nameOf(BLUEPRINT_TIERS),
  risk: signal,
  stage: whole(),
  quarantineOnly: flag,
  approvalRequired: flag,
  description: text(LIMITS.sentenceCharsMax),
  allowedParameters: mapOf(bounds, LIMITS.allowedParametersMax),
  graph: graphMetadataSchema.optional(),
  sheet: safetySheetSchema.optional(),
  artifactDigest: digest.optional(),
  tags: list(name(), LIMITS.tagsMax).optional(),
});
