import type { CoverageMetadata } from '@esper/leyline';
import type { PolicyFacts } from './decision-facts.js';

const MAP_CHARS_MAX = 1024;

/**
 * TL-30 to TL-32: coverage as texts among the indicators of a decision's packet, for consumers that read those alone. Both maps are bounded: one that is too long as JSON is left out
 * and its length stated instead, so that its absence has a reason.
 */
export function coverageAnnotations(coverage: CoverageMetadata): Readonly<Record<string, string>> {
  const json = JSON.stringify(coverage.byType);
  const isShort = json.length <= MAP_CHARS_MAX;
  return {
    feature_coverage: coverage.ratio.toFixed(3),
    ...(isShort
      ? { coverage_map: json, coverage_types: JSON.stringify(Object.keys(coverage.byType).sort()) }
      : { coverage_map_omitted: `${json.length}` }),
  };
}

/** TL-33: why the policy runs uncompiled; nothing when it is compiled. */
export const policyAnnotations = ({
  isCompiled,
  compileReason,
}: Pick<PolicyFacts, 'isCompiled' | 'compileReason'>): Readonly<Record<string, string>> =>
  isCompiled ? {} : { policy_compile_reason: compileReason ?? 'unknown' };
