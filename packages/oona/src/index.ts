export { OONA_ERRORS, OonaError, type OonaErrorCode } from './errors.js';
export {
  EMBEDDED_BUS_DEFAULTS,
  type EmbeddedBusOptions,
  type ResolvedEmbeddedBusOptions,
  resolveEmbeddedBusOptions,
} from './options.js';
export {
  BUS_STREAMS,
  type Bus,
  type BusCounters,
  type BusHealth,
  type BusStream,
  type Delivery,
  type DeliveryHandler,
  type Journal,
  type JournalRecord,
  type PublishReceipt,
  type PublishRefusal,
  type PublishResult,
  type StreamDepth,
  type Subscription,
  type Timers,
} from './ports.js';
export { type EmbeddedBusPorts, openEmbeddedBus } from './shell/embedded-bus.js';
export { type RequeueOptions, type RequeueReport, requeueDeadLetters } from './shell/requeue-dead-letters.js';
