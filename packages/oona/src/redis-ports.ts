/** What Redis answers to a command. Text and bytes both come as bytes. */
export type RedisReply = null | number | string | Uint8Array | readonly RedisReply[];

/** One argument of a command. Text is sent as UTF-8. */
export type RedisArgument = string | Uint8Array;

/**
 * One connection to Redis, which reconnects by itself until it is closed. Nothing is queued while it is down. A call rejects with
 * `OONA_UNREACHABLE` when it was not answered (whether it was carried out is then unknown), and with `OONA_REDIS_REFUSED` when the
 * answer is an error.
 */
export interface RedisConnection {
  command(args: readonly RedisArgument[]): Promise<RedisReply>;
  /** Ends the connection at once; calls under way reject. */
  close(): void;
}

/** Where connections come from. */
export interface RedisConnections {
  /** Resolves when connected; rejects with `OONA_UNREACHABLE` when the first attempt fails. */
  open(): Promise<RedisConnection>;
}

/** Proves who wrote an entry. The bytes are those of the entry, not a re-serialisation. */
export interface BusSigner {
  /** Printable text. */
  sign(bytes: Uint8Array): string;
  /** Never throws, whatever the text. */
  verify(bytes: Uint8Array, signature: string): boolean;
}
