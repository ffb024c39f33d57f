/** How a server keeps what it has answered, as it says itself. */
export interface RedisPersistence {
  /** The answer to `INFO persistence`. */
  readonly info: string;
  /** `appendfsync`, as `CONFIG GET` has it; `undefined` when the server does not say. */
  readonly fsync: string | undefined;
}

/**
 * What a server that dies may lose of what it has answered; an empty text when nothing. With `everysec` the server answers
 * before it writes whenever its disk is slow (Redis documents up to two seconds, counted as `aof_delayed_fsync`), so that not
 * only a power cut but a killed process loses what it answered.
 */
export function lossesOf({ info, fsync }: RedisPersistence): string {
  if (!info.includes('aof_enabled:1')) return 'keeps no append-only file, so a restart loses what it has answered';
  if (fsync === 'always') return '';
  const how = fsync === undefined ? 'does not say its appendfsync' : `has appendfsync ${fsync}`;
  return `${how}, so one that is killed while its disk is slow loses what it has answered; only "always" keeps it`;
}
