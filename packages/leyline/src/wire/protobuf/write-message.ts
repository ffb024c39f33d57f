import type { DescField } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { assertNever } from '@esper/std';
import { compareMapKeys } from './map-order.js';
import type { MapEntry, MessageNode, NodeValue } from './message-node.js';
import { lengthDelimitedContent, wireScalar, wireTypeOf } from './scalar-codec.js';

const IMPLICIT_PRESENCE = 2;

/**
 * The one byte form of a message that the prototype's runtime writes: fields by number, defaults left out, map entries in
 * `compareMapKeys` order with both halves, then the unknown fields as they came.
 */
export function writeMessage(node: MessageNode): Uint8Array {
  const writer = new BinaryWriter();
  const fields = [...node.desc.fields].sort((a, b) => a.number - b.number);
  for (const field of fields) writeField(writer, node, field);
  for (const unknown of node.unknown) writer.raw(unknown);
  return writer.finish();
}

function writeField(writer: BinaryWriter, node: MessageNode, field: DescField): void {
  const content = node.fields.get(field.number);
  if (content === undefined) return;
  switch (content.kind) {
    case 'single':
      if (!isLeftOut(content.value, field)) writeValue(writer, field.number, typed(content.value, field));
      return;
    case 'list':
      for (const item of content.items)
        writeValue(writer, field.number, { value: item, wireType: WireType.LengthDelimited });
      return;
    case 'map':
      for (const entry of sortedEntries(content.entries)) writeEntry(writer, field, entry);
      return;
    default:
      assertNever(content, 'content of a field');
  }
}

const isLeftOut = (value: NodeValue, field: DescField): boolean =>
  value.kind === 'scalar' && value.isDefault && field.presence === IMPLICIT_PRESENCE;

interface TypedValue {
  readonly value: NodeValue;
  readonly wireType: WireType;
}

const typed = (value: NodeValue, field: DescField): TypedValue => ({
  value,
  wireType: value.kind === 'message' ? WireType.LengthDelimited : wireTypeOf(wireScalar(field.scalar)),
});

function writeValue(writer: BinaryWriter, number: number, { value, wireType }: TypedValue): void {
  writer.tag(number, wireType);
  if (value.kind === 'message') writer.bytes(writeMessage(value));
  else writer.raw(value.bytes);
}

/** Keys are compared without their length prefix. */
const sortedEntries = (entries: ReadonlyMap<string, MapEntry>): readonly MapEntry[] =>
  [...entries.values()].sort((a, b) =>
    compareMapKeys(lengthDelimitedContent(a.key.bytes), lengthDelimitedContent(b.key.bytes)),
  );

function writeEntry(writer: BinaryWriter, field: DescField, entry: MapEntry): void {
  const inner = new BinaryWriter();
  writeValue(inner, 1, { value: entry.key, wireType: WireType.LengthDelimited });
  writeValue(inner, 2, typed(entry.value, field));
  writer.tag(field.number, WireType.LengthDelimited).bytes(inner.finish());
}
