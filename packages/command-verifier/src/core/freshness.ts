import type { UnixMs } from '@esper/std';
import type { RefusalReason } from './refusal.js';
import { type IdentityHeader, isNoCommandId } from './signed-part.js';

/** All in whole milliseconds. */
export interface FreshnessLimits {
  /** A command older than this is stale. */
  readonly windowMs: number;
  /** A command dated further ahead than this is from the future. */
  readonly futureSkewMs: number;
}

/**
 * Whether the header names a command that is fresh at `now`. Integers alone; the bounds themselves are fresh. After a step
 * of the wall clock the stepped clock counts, in both directions: the replay memory, not this rule, keeps commands from
 * being accepted twice.
 */
export function judgeFreshness(header: IdentityHeader, now: UnixMs, limits: FreshnessLimits): 'fresh' | RefusalReason {
  if (isNoCommandId(header.commandId)) return 'missing_command_id';
  if (header.issuedAtMs === 0) return 'missing_timestamp';
  if (header.expiresAtMs <= header.issuedAtMs) return 'malformed_header';
  const ageMs = now - header.issuedAtMs;
  if (ageMs < -limits.futureSkewMs) return 'issued_in_future';
  if (ageMs > limits.windowMs) return 'stale_command';
  return now > header.expiresAtMs ? 'expired_command' : 'fresh';
}
