import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { assertNever } from '@esper/std';

/** A scalar or enum, already in its canonical encoding, without tag. */
export interface ScalarValue {
  readonly kind: 'scalar';
  readonly bytes: Uint8Array;
  /** The value a field has when it is absent. */
  readonly isDefault: boolean;
}

/** A value as it stands in a message. */
export type NodeValue = ScalarValue | MessageNode;

/** One entry of a map; absent halves have their default. */
export interface MapEntry {
  readonly key: ScalarValue;
  readonly value: NodeValue;
}

/** What a field holds. Map entries are found by their key's canonical bytes, as text of one character per byte. */
export type FieldContent =
  | { readonly kind: 'single'; readonly value: NodeValue }
  | { readonly kind: 'list'; readonly items: MessageNode[] }
  | { readonly kind: 'map'; readonly entries: Map<string, MapEntry> };

/** A parsed message of any type: known fields by number, and everything else as it came. */
export interface MessageNode {
  readonly kind: 'message';
  readonly desc: DescMessage;
  readonly fields: Map<number, FieldContent>;
  /** Unknown fields with their tags, in the order of the wire. */
  readonly unknown: Uint8Array[];
}

/** A message with nothing in it. */
export const emptyNode = (desc: DescMessage): MessageNode => ({
  kind: 'message',
  desc,
  fields: new Map(),
  unknown: [],
});

/** Puts content into a field; the other members of its oneof lose theirs. */
export function setField(node: MessageNode, field: DescField, content: FieldContent): void {
  for (const other of field.oneof?.fields ?? []) if (other !== field) node.fields.delete(other.number);
  node.fields.set(field.number, content);
}

/** One character per byte: equal for equal bytes, and for those alone. */
export const byteText = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** The same message with its known fields alone, at every level: a typed reader would misread the others. */
export function withoutUnknown(node: MessageNode): MessageNode {
  const fields = new Map([...node.fields].map(([number, content]) => [number, knownContent(content)]));
  return { ...node, fields, unknown: [] };
}

function knownContent(content: FieldContent): FieldContent {
  switch (content.kind) {
    case 'single':
      return { kind: 'single', value: knownValue(content.value) };
    case 'list':
      return { kind: 'list', items: content.items.map(withoutUnknown) };
    case 'map': {
      const entries = [...content.entries].map(([text, entry]): [string, MapEntry] => [
        text,
        { key: entry.key, value: knownValue(entry.value) },
      ]);
      return { kind: 'map', entries: new Map(entries) };
    }
    default:
      return assertNever(content, 'content of a field');
  }
}

const knownValue = (value: NodeValue): NodeValue => (value.kind === 'message' ? withoutUnknown(value) : value);
