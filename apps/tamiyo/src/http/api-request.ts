import type { MonoMs } from '@esper/std';
import type { Principal } from './access-tokens.js';

/** A request after the gate: who sends it is known, its parameters are checked, its body is read and not yet understood. */
export interface ApiRequest {
  readonly id: string;
  /** The holder of the token; absent on open routes. */
  readonly principal: Principal | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Headers of the route's table, checked. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly accept: string | undefined;
  /** Media type of the body without parameters, lower case. */
  readonly contentType: string;
  readonly body: Uint8Array | undefined;
  /** When the first byte of it was looked at. */
  readonly receivedAt: MonoMs;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** What is sent back. */
export interface ApiAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}
