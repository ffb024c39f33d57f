export { hmacBusSigner } from './adapters/hmac-bus-signer.js';
export { redisConnections } from './adapters/redis-connections.js';
export { uniqueConsumer } from './adapters/unique-consumer.js';
export type { RejectReason } from './core/admission.js';
export { type RedisBusOptions, type ResolvedRedisBusOptions, resolveRedisBusOptions } from './redis-options.js';
export type {
  BusSigner,
  RedisArgument,
  RedisConnection,
  RedisConnections,
  RedisReply,
} from './redis-ports.js';
export { openRedisBus, type RedisBusPorts } from './shell/redis-bus.js';
export { redisLosses } from './shell/redis-losses.js';
