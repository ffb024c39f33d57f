import type { HostAddress } from './exchange.js';

/** How a client reaches its host. */
export interface ClientOptions {
  /** As `tamiyo serve` prints it: `http://127.0.0.1:8690` or `unix:/path/to/socket`. */
  readonly address: string;
  /** A token whose role may ask for decisions. */
  readonly token: string;
  /** Longest that one decision is waited for, in milliseconds [2,000], over all attempts. */
  readonly deadlineMs?: number;
  /** Attempts while the host cannot be reached or says that the same packet may succeed later [2]. */
  readonly attemptsMax?: number;
  /** Connections kept open at once [64]. */
  readonly connectionsMax?: number;
}

/** The options, checked. */
export interface ResolvedClientOptions {
  readonly address: HostAddress;
  readonly token: string;
  readonly deadlineMs: number;
  readonly attemptsMax: number;
  readonly connectionsMax: number;
}

/** Defaults filled in, every field checked. Throws `RangeError` naming the field; never quotes the token. */
export function resolveClientOptions(given: ClientOptions): ResolvedClientOptions {
  if (!/^[\x21-\x7e]{1,512}$/.test(given.token)) throw new RangeError('token must be 1 to 512 printable characters');
  return Object.freeze({
    address: addressOf(given.address),
    token: given.token,
    deadlineMs: within('deadlineMs', given.deadlineMs ?? 2_000, [1, 600_000]),
    attemptsMax: within('attemptsMax', given.attemptsMax ?? 2, [1, 10]),
    connectionsMax: within('connectionsMax', given.connectionsMax ?? 64, [1, 1_024]),
  });
}

function within(name: string, value: number, range: readonly [min: number, max: number]): number {
  const [min, max] = range;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
}

function addressOf(text: string): HostAddress {
  if (text.startsWith('unix:') && text.length > 'unix:'.length)
    return { kind: 'unix', socketPath: text.slice('unix:'.length) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url?.pathname === '/' && url.search === '' && url.username === '';
  if (url?.protocol !== 'http:' || !bare)
    throw new RangeError('address must be http://HOST:PORT or unix:/path/to/socket');
  return { kind: 'tcp', hostname: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port === '' ? 80 : url.port) };
}
