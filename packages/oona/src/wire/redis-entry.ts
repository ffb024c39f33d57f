import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  BUS_MESSAGE_TYPES,
  type BusEnvelope,
  type BusMessageType,
  LIMITS,
  MESSAGE_PRIORITIES,
  type MessagePriority,
  validateMessage,
} from '@esper/leyline';
import { BusEnvelopeSchema } from '@esper/leyline/protobuf';
import { err, ok, type Result } from '@esper/std';
import type { BusStream } from '../ports.js';

/** Attributes in which our envelope's own fields travel: the prototype's has a type, a payload and attributes only. */
const OWN = 'oona.';

/** A message as it was found. */
export interface FoundEnvelope {
  readonly envelope: BusEnvelope;
  /** The stream its sender signed it for. */
  readonly signedFor: string | undefined;
}

/**
 * The bytes of an entry's `payload` field: a protobuf `BusEnvelope`. What is signed are these bytes, so the stream a message is meant
 * for is among them. Answers with the reason when the envelope is not a valid one.
 */
export function encodeEntry(stream: BusStream, envelope: BusEnvelope): Result<Uint8Array, string> {
  const valid = validateMessage('BusEnvelope', envelope);
  if (!valid.ok) return err(`${valid.error.code} at ${valid.error.path}`);
  if (Object.keys(envelope.attributes).some((name) => name.startsWith(OWN)))
    return err(`attributes that begin with "${OWN}" are the bus's own`);
  const message = create(BusEnvelopeSchema, {
    messageType: BUS_MESSAGE_TYPES[envelope.messageType],
    payload: envelope.payload,
    attributes: {
      ...envelope.attributes,
      [`${OWN}message_id`]: envelope.messageId,
      [`${OWN}priority`]: envelope.priority,
      [`${OWN}sent_at_ms`]: `${envelope.sentAtMs}`,
      [`${OWN}stream`]: stream,
    },
  });
  return ok(toBinary(BusEnvelopeSchema, message));
}

/** What stands in for what a foreign sender does not say. */
export interface EntryDefaults {
  /** When Redis took the entry. */
  readonly takenAtMs: number;
  /** A name that the same content always gets: retries and replays of foreign senders are told apart by nothing else. */
  readonly contentId: string;
}

/** The message in the bytes, or what is wrong with them. Never throws. Call it for bytes whose signature holds. */
export function decodeEntry(bytes: Uint8Array, defaults: EntryDefaults): Result<FoundEnvelope, string> {
  if (bytes.byteLength > LIMITS.messageBytesMax.BusEnvelope) return err('too large');
  const message = parsed(bytes);
  if (message === undefined) return err('not a BusEnvelope');
  const { attributes } = message;
  const own = (name: string): string | undefined => attributes[`${OWN}${name}`];
  const candidate = {
    version: 1,
    messageType: TYPE_NAMES.get(message.messageType),
    messageId: own('message_id') ?? defaults.contentId,
    priority: priorityNamed(own('priority')),
    sentAtMs: Number(own('sent_at_ms') ?? defaults.takenAtMs),
    payload: new Uint8Array(message.payload),
    attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith(OWN))),
  };
  const valid = validateMessage('BusEnvelope', candidate);
  if (!valid.ok) return err(`${valid.error.code} at ${valid.error.path}`);
  return ok({ envelope: valid.value, signedFor: own('stream') });
}

const TYPE_NAMES: ReadonlyMap<number, BusMessageType> = new Map(
  (Object.keys(BUS_MESSAGE_TYPES) as BusMessageType[]).map((name) => [BUS_MESSAGE_TYPES[name], name]),
);

const priorityNamed = (name: string | undefined): MessagePriority =>
  name !== undefined && Object.hasOwn(MESSAGE_PRIORITIES, name) ? (name as MessagePriority) : 'UNSPECIFIED';

function parsed(bytes: Uint8Array) {
  try {
    return fromBinary(BusEnvelopeSchema, bytes);
  } catch {
    // The library says no by throwing; the caller gets a reason as a value.
    return undefined;
  }
}
