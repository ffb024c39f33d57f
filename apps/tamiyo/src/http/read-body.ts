import { parseJson } from '@esper/leyline';
import { UnreadablePacket } from '../stages/unreadable-packet.js';
import type { ApiRequest } from './api-request.js';
import { JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPES } from './api-routes.js';
import { HttpError } from './errors.js';

/**
 * The packet in a body, as the host takes it: message bytes as they are, JSON as a value. What cannot be read goes to the host
 * as such, so that the failure is recorded and told like any other.
 */
export function packetInput({ body, contentType }: ApiRequest): unknown {
  if (body === undefined || body.byteLength === 0)
    throw new HttpError('REQUEST_INVALID', 'the body is empty; it must hold one SystemStatePacket');
  if ((MSGPACK_MEDIA_TYPES as readonly string[]).includes(contentType)) return body;
  const packet = parseJson('SystemStatePacket', body);
  return packet.ok ? packet.value : new UnreadablePacket(packet.error);
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** A small JSON body as a value. Throws `REQUEST_INVALID`; the message never quotes the body. */
export function jsonBody({ body, contentType }: ApiRequest): unknown {
  if (contentType !== JSON_MEDIA_TYPE)
    throw new HttpError('MEDIA_TYPE_UNSUPPORTED', 'this path takes application/json alone');
  if (body === undefined || body.byteLength === 0)
    throw new HttpError('REQUEST_INVALID', 'the body is empty; it must hold a JSON object');
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch {
    // The parser's message quotes the text, which may be secret.
    throw new HttpError('REQUEST_INVALID', 'the body is no JSON in UTF-8');
  }
}
