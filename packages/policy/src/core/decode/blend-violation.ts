import type { TelemetryEvent } from '@esper/leyline';
import { POLICY_EVENTS } from './policy-events.js';

/** Why a blend may not leave. The first seven are the consumer's own words (BL-10). */
export const BLEND_REASONS = [
  'confidence blend missing confidence_logits',
  'confidence blend invalid confidence_logits',
  'channel blend missing alpha_vec',
  'channel blend invalid alpha_vec',
  'channel blend alpha_vec exceeds limit',
  'channel blend invalid alpha_vec_len',
  'channel blend alpha_vec length mismatch',
  'confidence blend invalid gate_k',
  'confidence blend invalid gate_tau',
  'confidence blend invalid alpha bounds',
  'blend mode unknown',
  'blend mode source invalid',
  'blend annotations on a command that is not SEED',
  'blend annotations without blend_mode',
  'confidence annotations outside a confidence blend',
  'channel annotations outside a channel blend',
  'blend metadata disagrees with annotations',
] as const;
export type BlendReason = (typeof BLEND_REASONS)[number];

export interface BlendViolation {
  readonly code: 'blend_violation';
  readonly reason: BlendReason;
  /** For example `{ length: 65, limit: 64 }` or `{ expected: 4, actual: 3 }`. */
  readonly details: Readonly<Record<string, string | number>>;
}

export const blendViolation = (reason: BlendReason, details: BlendViolation['details'] = {}): BlendViolation => ({
  code: 'blend_violation',
  reason,
  details,
});

/** The violation as CRITICAL telemetry. */
export const blendEvent = ({ reason, details }: BlendViolation): TelemetryEvent => ({
  description: 'blend_validation_failed',
  level: POLICY_EVENTS.blend_validation_failed.level,
  attributes: {
    ...Object.fromEntries(Object.entries(details).map(([key, value]) => [key, String(value)])),
    subsystem: 'tamiyo',
    reason,
  },
});
