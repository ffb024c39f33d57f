import type { WallClock } from '@esper/std';
import { type Audience, expectAudience } from '../core/audience.js';
import { type Explanation, explainEnvelope } from '../core/explain.js';
import { VerifierError } from '../errors.js';
import { resolveVerifierOptions, type VerifierOptions } from '../options.js';
import type { KeyRingSource, PayloadCodec } from '../ports.js';
import { leylinePayload } from '../wire/leyline-payload.js';

/** What explaining works with. */
export interface ExplainParts {
  readonly keyRing: KeyRingSource;
  readonly clock: WallClock;
  readonly audience: Audience;
  /** [the message codec of `@esper/leyline`] */
  readonly codec?: PayloadCodec;
  readonly options?: VerifierOptions;
}

/**
 * Which rule bytes fail, and which bytes it looked at: for an operator with a file, never for whoever sent it. Claims
 * nothing. Throws `OPTION_INVALID` for bad options, nothing for bad bytes.
 */
export function explainCommand(bytes: Uint8Array, parts: ExplainParts): Explanation {
  const audience = expectAudience(parts.audience);
  if (typeof audience === 'string') throw new VerifierError('OPTION_INVALID', audience);
  const limits = resolveVerifierOptions(parts.options);
  const { decode } = parts.codec ?? leylinePayload;
  const [ring, now] = [parts.keyRing.current(), parts.clock.wallMs()];
  return explainEnvelope(bytes, { ...limits, audience, ring, now, decode });
}
