import { type CommandDraft, decodeMessage, encodeMessage } from '@esper/leyline';
import type { PayloadCodec } from '../ports.js';

/** The payload as `@esper/leyline` writes messages: strict, bounded msgpack of a `CommandDraft`. */
export const leylinePayload: PayloadCodec = Object.freeze({
  encode: (draft: CommandDraft) => encodeMessage('CommandDraft', draft),
  decode: (bytes: Uint8Array) => decodeMessage('CommandDraft', bytes),
});
