import type {
  BlendMetadata,
  CoverageMetadata,
  DecisionMetadata,
  PolicyMetadata,
  RiskMetadata,
  SecurityMetadata,
  SelectionMetadata,
} from '../core/decision-metadata.js';
import { BLEND_MODES, SCHEDULE_SHAPES } from '../core/enums.js';
import { LIMITS } from './limits.js';
import { digest, fact, flag, list, mapOf, name, record, text, whole, word } from './schema-parts.js';

const ratio = fact(0, 1);

const policy = record<PolicyMetadata>({
  architecture: name(),
  bundleDigest: digest,
  actionIndex: whole(),
  paramDelta: fact(),
  valueEstimate: fact(),
  riskIndex: whole(),
  riskScore: ratio,
  riskDistribution: list(ratio, LIMITS.riskClassesMax),
});

const risk = record<RiskMetadata>({
  reason: name(),
  reasons: list(name(), LIMITS.reasonsMax),
  conservative: flag,
  changed: flag,
  configDigest: digest.optional(),
});

const blend = record<BlendMetadata>({
  shape: word(SCHEDULE_SHAPES),
  scheduleStart: ratio,
  scheduleEnd: ratio,
  mode: word(BLEND_MODES).optional(),
  source: word(['policy', 'override', 'heuristic']).optional(),
}).refine(({ scheduleStart, scheduleEnd }) => scheduleStart <= scheduleEnd, {
  path: ['scheduleEnd'],
  error: 'at least scheduleStart',
});

const coverage = record<CoverageMetadata>({ ratio, byType: mapOf(ratio, LIMITS.coverageTypesMax) });

const selection = record<SelectionMetadata>({
  seedIndex: whole().optional(),
  seedScore: fact().optional(),
  blueprintIndex: whole().optional(),
  blueprintScore: fact().optional(),
});

const security = record<SecurityMetadata>({
  keyIds: list(text(LIMITS.nameCharsMax, 1), LIMITS.keyIdsMax),
  freshnessWindowMs: whole(),
});

export const decisionMetadataSchema = record<DecisionMetadata>({
  policy: policy.optional(),
  risk: risk.optional(),
  blend: blend.optional(),
  coverage: coverage.optional(),
  selection: selection.optional(),
  security: security.optional(),
});
