import type { RiskConfig } from '../config.js';
import type { RiskEventName } from '../events.js';
import { formatFixed } from '../format/python-number.js';
import type { SignalName } from '../signals/signal-table.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const slow = (
  signal: SignalName,
  reason: RiskEventName,
  action: { readonly mitigation: 'pause' | 'downgrade'; readonly threshold: (config: RiskConfig) => number },
): BandRule => {
  const band: Band = {
    threshold: action.threshold,
    reason,
    event: reason,
    level: 'WARNING',
    mitigation: action.mitigation,
    applies: action.mitigation === 'pause' ? 'always' : 'seed_mitigates',
    entersMode: false,
    attributes: (value) => ({ latency_ms: formatFixed(value, 2) }),
  };
  return { signal, comparison: '>', bands: [band] };
};

const RULES: readonly BandRule[] = [
  slow('hook_latency_ms', 'hook_budget', { mitigation: 'pause', threshold: (config) => config.latency.hookMsMax }),
  slow('step_latency_ms', 'step_latency_high', {
    mitigation: 'pause',
    threshold: (config) => config.latency.stepMsMax,
  }),
  slow('kasmina.apply_ms', 'kasmina_apply_slow', {
    mitigation: 'downgrade',
    threshold: (config) => config.latency.applyMsMax,
  }),
  slow('kasmina.finalize_ms', 'kasmina_finalize_slow', {
    mitigation: 'downgrade',
    threshold: (config) => config.latency.finalizeMsMax,
  }),
];

/** Latencies of the previous step (RE-38 to RE-41). */
export const latency: Evaluator = {
  name: 'latency',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate: (context) => ({
    facts: [],
    findings: RULES.map((rule) => judgeBands(rule, context.readings[rule.signal], context)),
  }),
};
