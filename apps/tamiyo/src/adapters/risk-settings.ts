import { sha256 } from '@esper/registry/node';
import { canonicalRiskConfig, type RiskConfig, resolveRiskConfig } from '@esper/risk-engine';
import type { Config } from '../config/knobs.js';

/** The risk engine's configuration for this host, with the digest that stands in each command. */
export function riskSettings(config: Config): RiskConfig {
  const options = {
    profile: config.profile === 'harness' ? ('harness' as const) : ('default' as const),
    coverage: { warnMin: config['risk.coverageWarnMin'], criticalMax: config['risk.coverageCriticalMax'] },
    breakers: { inference: breakerLimits(config), metadata: breakerLimits(config) },
    sheet: { signature: config['risk.sheetSignatureRequired'] ? ('required' as const) : ('optional' as const) },
    loss: { spikeMax: config['risk.lossSpikeMax'] },
    rollback: {
      recentDecisions: config['risk.rollbackRecentDecisions'],
      directivesMax: config['risk.rollbackDirectivesMax'],
    },
    latency: {
      hookMsMax: config['risk.hookLatencyMsMax'],
      stepMsMax: config['risk.stepLatencyMsMax'],
      applyMsMax: config['risk.applyMsMax'],
      finalizeMsMax: config['risk.finalizeMsMax'],
    },
  };
  const plain = resolveRiskConfig(options);
  return resolveRiskConfig({ ...options, digest: sha256(new TextEncoder().encode(canonicalRiskConfig(plain))) });
}

const breakerLimits = (config: Config) => ({
  failuresMax: config['risk.breakerFailuresMax'],
  cooldownMs: config['risk.breakerCooldownMs'],
});
