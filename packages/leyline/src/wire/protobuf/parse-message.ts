import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { assertNever, invariant } from '@esper/std';
import { byteText, emptyNode, type MapEntry, type MessageNode, type NodeValue, setField } from './message-node.js';
import { defaultScalar, readScalar, wireScalar, wireTypeOf } from './scalar-codec.js';

/** Nesting of messages, as in the prototype's runtime. */
const DEPTH_MAX = 100;

/**
 * Parses a message of any type as the prototype's runtime does: the last scalar wins, sub-messages merge, a second oneof
 * member replaces the first, a field with another wire type than its own is unknown, enums are open. Throws on anything
 * that runtime refuses: truncation, field number 0, bad groups, text that is not UTF-8, nesting over 100.
 */
export function parseMessage(desc: DescMessage, bytes: Uint8Array): MessageNode {
  const node = emptyNode(desc);
  parseInto(node, bytes, 0);
  return node;
}

function parseInto(node: MessageNode, bytes: Uint8Array, depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError(`messages are nested more than ${DEPTH_MAX} deep`);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const field = node.desc.fields.find((candidate) => candidate.number === number);
    const isKnown = field !== undefined && wireType === fieldWireType(field);
    if (isKnown && parseField({ node, reader, depth }, field)) continue;
    if (!isKnown) skipUnknown(reader, { number, wireType, depth });
    node.unknown.push(bytes.slice(start, reader.pos));
  }
}

interface Cursor {
  readonly node: MessageNode;
  readonly reader: BinaryReader;
  readonly depth: number;
}

/** Consumes the field's value; false when it must be kept as an unknown field after all. */
function parseField(cursor: Cursor, field: DescField): boolean {
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      setField(cursor.node, field, { kind: 'single', value: readScalar(cursor.reader, wireScalar(field.scalar)) });
      return true;
    case 'message':
      mergeMessage(cursor, field);
      return true;
    case 'list':
      appendMessage(cursor, field);
      return true;
    case 'map':
      return putMapEntry(cursor, field);
    default:
      return assertNever(field, 'kind of field');
  }
}

function mergeMessage({ node, reader, depth }: Cursor, field: DescField & { fieldKind: 'message' }): void {
  const content = node.fields.get(field.number);
  const known = content?.kind === 'single' && content.value.kind === 'message' ? content.value : undefined;
  const child = known ?? emptyNode(field.message);
  parseInto(child, reader.bytes(), depth + 1);
  setField(node, field, { kind: 'single', value: child });
}

function appendMessage({ node, reader, depth }: Cursor, field: DescField & { fieldKind: 'list' }): void {
  invariant(field.listKind === 'message', 'the schema repeats messages alone');
  const content = node.fields.get(field.number);
  const items = content?.kind === 'list' ? content.items : [];
  const child = emptyNode(field.message);
  parseInto(child, reader.bytes(), depth + 1);
  items.push(child);
  setField(node, field, { kind: 'list', items });
}

/** An entry with anything unknown in it stays a whole unknown field, as in the prototype's runtime. */
function putMapEntry({ node, reader, depth }: Cursor, field: DescField & { fieldKind: 'map' }): boolean {
  const entry = parseMapEntry(reader.bytes(), field, depth + 1);
  if (entry === undefined) return false;
  const content = node.fields.get(field.number);
  const entries = content?.kind === 'map' ? content.entries : new Map<string, MapEntry>();
  entries.set(byteText(entry.key.bytes), entry);
  setField(node, field, { kind: 'map', entries });
  return true;
}

function parseMapEntry(
  bytes: Uint8Array,
  field: DescField & { fieldKind: 'map' },
  depth: number,
): MapEntry | undefined {
  const valueWireType = field.mapKind === 'message' ? WireType.LengthDelimited : wireTypeOf(wireScalar(field.scalar));
  const reader = new BinaryReader(bytes);
  let key = defaultScalar(field.mapKey);
  let value: NodeValue =
    field.mapKind === 'message' ? emptyNode(field.message) : defaultScalar(wireScalar(field.scalar));
  let isWhole = true;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === wireTypeOf(field.mapKey)) key = readScalar(reader, field.mapKey);
    else if (number !== 2 || wireType !== valueWireType) {
      skipUnknown(reader, { number, wireType, depth });
      isWhole = false;
    } else if (value.kind === 'message') parseInto(value, reader.bytes(), depth + 1);
    else value = readScalar(reader, wireScalar(field.scalar));
  }
  return isWhole ? { key, value } : undefined;
}

function fieldWireType(field: DescField): WireType {
  if (field.fieldKind === 'scalar' || field.fieldKind === 'enum') return wireTypeOf(wireScalar(field.scalar));
  return WireType.LengthDelimited;
}

function skipUnknown(reader: BinaryReader, tag: { number: number; wireType: WireType; depth: number }): void {
  // The runtime skips a varint of any length; one of more than ten bytes is refused when it is read.
  if (tag.wireType === WireType.Varint) reader.uint64();
  else reader.skip(tag.wireType, tag.number, DEPTH_MAX - tag.depth);
}
