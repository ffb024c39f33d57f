export { RUN_OWNERSHIP_ERRORS, RunOwnershipError, type RunOwnershipErrorCode } from './errors.js';
export { type RedisLedgerOptions, type ResolvedRedisLedgerOptions, resolveRedisLedgerOptions } from './options.js';
export type {
  CommitAnswer,
  EnterAnswer,
  EnterAsk,
  FencedWrite,
  LedgerConnection,
  LedgerReply,
  RunLedger,
  TakenFrom,
  Timers,
  WithdrawAnswer,
} from './ports.js';
export { createRedisLedger, type RedisLedgerPorts } from './shell/redis-ledger.js';
export { RunOwner, type RunOwnerCounts, type RunOwnerOptions } from './shell/run-owner.js';
export { FENCE } from './wire/scripts.js';
