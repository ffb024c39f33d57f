import type { DescMessage } from '@bufbuild/protobuf';
import { err, ok, type Result } from '@esper/std';
import { parseMessage } from './parse-message.js';
import { writeMessage } from './write-message.js';

/**
 * The bytes the prototype's runtime would write for a received message of type `desc`: what its signatures cover. The
 * error says in words why the bytes are no such message. Never throws for bad bytes; the caller limits their size.
 */
export function canonicalBytes(desc: DescMessage, bytes: Uint8Array): Result<Uint8Array, string> {
  try {
    return ok(writeMessage(parseMessage(desc, bytes)));
  } catch (error) {
    return err(parseFault(error));
  }
}

/** Why parsing failed, in words. What is no failure of parsing is thrown on. */
export function parseFault(error: unknown): string {
  const isParseError = error instanceof Error && error.name !== 'InvariantError';
  if (!isParseError) throw error;
  return error.message;
}
