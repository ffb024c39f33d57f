export { canonicalBytes } from './wire/protobuf/canonical-bytes.js';
export {
  attachSignature,
  encodeCommand,
  type ProtobufIdentity,
  type ProtobufTime,
  type ReceivedCommand,
  readCommand,
} from './wire/protobuf/command-protobuf.js';
export { AdaptationCommandSchema, BusEnvelopeSchema } from './wire/protobuf/gen/leyline_pb.js';
export { compareMapKeys } from './wire/protobuf/map-order.js';
