import type { Config } from '../config/knobs.js';

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

/** The options as the configuration has them. */
export const httpOptions = (config: Config): HttpOptions =>
  Object.freeze({
    host: config['http.host'],
    port: config['http.port'],
    socketPath: config['http.socket'],
    ratePerSecondMax: config['http.rateMax'],
    concurrentMax: config['http.concurrentMax'],
    streamsMax: config['http.streamsMax'],
    connectionsMax: config['http.connectionsMax'],
    requestMs: config['http.requestMs'],
    shutdownMs: config['http.shutdownMs'],
  });
