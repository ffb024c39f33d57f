import { z } from 'zod';
import { type MessageKind, SCHEMAS } from './message-kinds.js';
import { JSON_FORMS } from './schema-parts.js';

/**
 * JSON Schema (2020-12) of the JSON form of a message, as a new object. It says less than the schema it is made from: control
 * characters, counts of map entries and keys given twice are refused by `parseJson` alone.
 */
export function jsonSchemaOf(kind: MessageKind): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(SCHEMAS[kind], { io: 'input', unrepresentable: 'any', metadata: JSON_FORMS }) as Readonly<
    Record<string, unknown>
  >;
}
