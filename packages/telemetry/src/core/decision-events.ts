import type { TelemetryEvent } from '@esper/leyline';
import type { DecisionFacts } from './decision-facts.js';

const DEVICE_REASONS = new Set(['device_not_cuda', 'cuda_unavailable']);

/** TL-47: why the policy runs uncompiled. INFO where the device asks for it. */
export function compileEvents({ policy }: DecisionFacts): readonly TelemetryEvent[] {
  const reason = policy.compileReason;
  if (policy.isCompiled || reason === undefined) return [];
  const description = reason === 'device_not_cuda' ? 'compile_disabled_cpu' : 'compile_disabled';
  return [{ description, level: DEVICE_REASONS.has(reason) ? 'INFO' : 'WARNING', attributes: { reason } }];
}

const FALLBACKS = [
  'tamiyo_fallback_seed',
  'tamiyo_fallback_blueprint',
  'tamiyo_synthetic_pause',
  'tamiyo_runtime_fallback',
] as const;

/** TL-48: with the id of the command, which is known by now (D-40). */
export function fallbackEvents({ command, commandId }: DecisionFacts): readonly TelemetryEvent[] {
  return FALLBACKS.filter((annotation) => command.annotations[annotation] === 'true').map((description) => ({
    description,
    level: 'CRITICAL',
    attributes: { command_id: commandId ?? '' },
  }));
}
