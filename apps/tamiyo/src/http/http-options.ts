/** Bounds and addresses of the interface. Every field is resolved; the configuration holds the defaults. */
export interface HttpOptions {
  /** Loopback address, or `off` for no TCP. */
  readonly host: '127.0.0.1' | '::1' | 'off';
  /** 0 takes any free port. */
  readonly port: number;
  /** Path of a Unix socket, or empty. */
  readonly socketPath: string;
  /** Requests one token may send a second; twice as many at once. */
  readonly ratePerSecondMax: number;
  /** Requests under way at once, over all tokens; more are refused. */
  readonly concurrentMax: number;
  /** Event streams open at once. */
  readonly streamsMax: number;
  /** Connections open at once; more are closed unanswered. */
  readonly connectionsMax: number;
  /** Time for a whole request to arrive, in milliseconds. */
  readonly requestMs: number;
  /** Time that requests under way get when the server stops, in milliseconds. */
  readonly shutdownMs: number;
}

/** Longest body that is read, in bytes: one packet. */
export const BODY_BYTES_MAX = 1 << 20;
/** Longest header block, in bytes. */
export const HEADER_BYTES_MAX = 16 << 10;
