import type { MonoClock } from '@esper/std';
import { TamiyoError } from '../errors.js';
import { type AccessTokens, bearerToken, mayDo, type Permission, type Principal, rolesWith } from './access-tokens.js';
import { HttpError } from './errors.js';
import { TokenBucket } from './token-bucket.js';

/** What the gate looks at: headers alone, before a byte of the body is read. */
export interface GateRequest {
  readonly authorization: string | undefined;
  readonly host: string | undefined;
  readonly contentEncoding: string | undefined;
  /** False on a Unix socket, where the Host header means nothing. */
  readonly overTcp: boolean;
}

export interface GateLimits {
  readonly ratePerSecondMax: number;
  readonly concurrentMax: number;
}

/** A request that was let in. `leave` must be called once, when it is over. */
export interface Admission {
  readonly principal: Principal | undefined;
  leave(): void;
}

/** Wrong tokens a second, over everybody: a guess costs time. */
const WRONG_TOKENS = { perSecondMax: 10, burstMax: 20 } as const;
/** Requests a second for what needs no token, over everybody. */
const OPEN_ROUTES = { perSecondMax: 200, burstMax: 400 } as const;
const RETRY_SECONDS = 1;
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/**
 * Decides who may come in. In this order: not while stopping, only to this host, only with a token that may do this, not too
 * often, not too many at once. Open routes are there while stopping too, to this host, and not too often.
 */
export class Gate {
  readonly #tokens: AccessTokens;
  readonly #limits: GateLimits;
  readonly #clock: MonoClock;
  readonly #wrongTokens: TokenBucket;
  readonly #openRoutes: TokenBucket;
  readonly #rates = new Map<string, TokenBucket>();
  #underWay = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;

  constructor(tokens: AccessTokens, limits: GateLimits, clock: MonoClock) {
    this.#tokens = tokens;
    this.#limits = limits;
    this.#clock = clock;
    this.#wrongTokens = new TokenBucket(WRONG_TOKENS, clock);
    this.#openRoutes = new TokenBucket(OPEN_ROUTES, clock);
  }

  /** Throws an `HttpError`, or `SHUTTING_DOWN`. */
  admit(request: GateRequest, permission: Permission | 'open'): Admission {
    if (permission === 'open') {
      refuseOtherHosts(request);
      const waitMs = this.#openRoutes.take();
      if (waitMs > 0) throw rateLimited('what needs no token is asked for too often', waitMs);
      return { principal: undefined, leave: () => undefined };
    }
    if (this.#closed) throw new TamiyoError('SHUTTING_DOWN', 'this host is stopping');
    refuseOtherHosts(request);
    const principal = this.#identify(request.authorization);
    if (!mayDo(principal, permission))
      throw new HttpError(
        'ROLE_MISSING',
        `"${principal.name}" may not do this; roles that may: ${rolesWith(permission).join(', ')}`,
      );
    refuseEncodings(request);
    this.#limitRate(principal);
    return this.#enter(principal);
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  get underWayCount(): number {
    return this.#underWay;
  }

  /** Refuses from now on, and resolves when nobody is left. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #identify(authorization: string | undefined): Principal {
    const token = bearerToken(authorization);
    if (token === undefined)
      throw new HttpError('TOKEN_MISSING', 'there is no bearer token in the Authorization header', {
        headers: { 'www-authenticate': 'Bearer realm="tamiyo"' },
      });
    const principal = this.#tokens.principalOf(token);
    if (principal !== undefined) return principal;
    const waitMs = this.#wrongTokens.take();
    if (waitMs > 0) throw rateLimited('too many wrong tokens', waitMs);
    throw new HttpError('TOKEN_INVALID', 'the token is none of this host', {
      headers: { 'www-authenticate': 'Bearer realm="tamiyo", error="invalid_token"' },
    });
  }

  #limitRate({ name }: Principal): void {
    const { ratePerSecondMax } = this.#limits;
    const known = this.#rates.get(name);
    const bucket =
      known ?? new TokenBucket({ perSecondMax: ratePerSecondMax, burstMax: 2 * ratePerSecondMax }, this.#clock);
    if (known === undefined) this.#rates.set(name, bucket);
    const waitMs = bucket.take();
    if (waitMs > 0) throw rateLimited(`"${name}" may send ${ratePerSecondMax} requests a second`, waitMs);
  }

  #enter(principal: Principal): Admission {
    if (this.#underWay >= this.#limits.concurrentMax)
      throw new HttpError('TOO_BUSY', `${this.#limits.concurrentMax} requests are under way`, {
        headers: { 'retry-after': String(RETRY_SECONDS) },
      });
    this.#underWay += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#onIdle?.();
    };
    return { principal, leave };
  }
}

const rateLimited = (message: string, waitMs: number): HttpError =>
  new HttpError('RATE_LIMITED', message, { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });

/** A page that resolves its own name to this machine (DNS rebinding) still names itself in the Host header. */
function refuseOtherHosts({ host, overTcp }: GateRequest): void {
  if (overTcp && (host === undefined || !LOOPBACK.test(host)))
    throw new HttpError('HOST_REFUSED', 'the Host header names no loopback address');
}

function refuseEncodings({ contentEncoding }: GateRequest): void {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity')
    throw new HttpError('MEDIA_TYPE_UNSUPPORTED', 'a body is taken without Content-Encoding alone');
}
