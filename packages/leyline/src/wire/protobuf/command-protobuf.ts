import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { err, invariant, ok, type Result } from '@esper/std';
import type { CommandDraft } from '../../core/adaptation-command.js';
import { parseFault } from './canonical-bytes.js';
import { draftFromProtobuf, protobufFromDraft } from './command-mapping.js';
import { type AdaptationCommand, AdaptationCommandSchema } from './gen/leyline_pb.js';
import { byteText, type MapEntry, type MessageNode, type ScalarValue, withoutUnknown } from './message-node.js';
import { parseMessage } from './parse-message.js';
import { lengthDelimitedContent } from './scalar-codec.js';
import { writeMessage } from './write-message.js';

const ANNOTATIONS = AdaptationCommandSchema.field.annotations.number;
const SIGNATURE_KEY = lengthDelimitedText('signature');

/** A time as protobuf has it: any 64-bit seconds, any 32-bit nanoseconds. */
export interface ProtobufTime {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A command as the prototype sends it. */
export interface ReceivedCommand {
  /** What the signature covers: the canonical bytes without the `signature` annotation. */
  readonly signedBytes: Uint8Array;
  /** The `signature` annotation; `undefined` when there is none. */
  readonly signature: string | undefined;
  /** Any text; empty when absent. */
  readonly commandId: string;
  readonly issuedAt: ProtobufTime | undefined;
  /** The rest, checked and typed; the error says in words what does not fit. Fields unknown here are left out. */
  draft(): Result<CommandDraft, string>;
}

/** What a command needs beside its draft. */
export interface ProtobufIdentity {
  readonly commandId: string;
  /** Milliseconds since 1970. */
  readonly issuedAtMs: number;
}

/**
 * A command as canonical protobuf bytes, without signature: what is signed. A `signature` annotation of the draft is
 * dropped. Throws `RangeError` for a number that is no finite float32, or a `__proto__` key.
 */
export function encodeCommand(draft: CommandDraft, identity: ProtobufIdentity): Uint8Array {
  const message = create(AdaptationCommandSchema, protobufFromDraft(draft, identity));
  return writeMessage(parseMessage(AdaptationCommandSchema, toBinary(AdaptationCommandSchema, message)));
}

/** The same command with a `signature` annotation, canonical again. `signedBytes` come from {@link encodeCommand}. */
export function attachSignature(signedBytes: Uint8Array, signature: string): Uint8Array {
  const node = parseMessage(AdaptationCommandSchema, signedBytes);
  const entries = annotationsOf(node) ?? new Map<string, MapEntry>();
  entries.set(byteText(SIGNATURE_KEY), { key: scalar(SIGNATURE_KEY), value: scalar(lengthDelimitedText(signature)) });
  node.fields.set(ANNOTATIONS, { kind: 'map', entries });
  return writeMessage(node);
}

/** Reads a received command. The error says in words why the bytes are none. The caller limits their size. */
export function readCommand(bytes: Uint8Array): Result<ReceivedCommand, string> {
  try {
    const node = parseMessage(AdaptationCommandSchema, bytes);
    const signature = takeSignature(node);
    const signedBytes = writeMessage(node);
    const message = fromBinary(AdaptationCommandSchema, writeMessage(withoutUnknown(node)));
    return ok({
      signedBytes,
      signature,
      commandId: message.commandId,
      issuedAt: timeOf(message),
      draft: () => draftFromProtobuf(message),
    });
  } catch (error) {
    return err(parseFault(error));
  }
}

const timeOf = ({ issuedAt }: AdaptationCommand): ProtobufTime | undefined =>
  issuedAt === undefined ? undefined : { seconds: issuedAt.seconds, nanos: issuedAt.nanos };

/** Removes the annotation and gives its text. */
function takeSignature(node: MessageNode): string | undefined {
  const entries = annotationsOf(node);
  const entry = entries?.get(byteText(SIGNATURE_KEY));
  if (entries === undefined || entry === undefined) return undefined;
  entries.delete(byteText(SIGNATURE_KEY));
  invariant(entry.value.kind === 'scalar', 'annotations are text');
  return new TextDecoder().decode(lengthDelimitedContent(entry.value.bytes));
}

function annotationsOf(node: MessageNode): Map<string, MapEntry> | undefined {
  const content = node.fields.get(ANNOTATIONS);
  return content?.kind === 'map' ? content.entries : undefined;
}

const scalar = (bytes: Uint8Array): ScalarValue => ({ kind: 'scalar', bytes, isDefault: false });

function lengthDelimitedText(text: string): Uint8Array {
  return new BinaryWriter().string(text).finish();
}
