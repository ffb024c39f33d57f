import { CodedError, type ErrorTable } from '@esper/std';

/** Every reason for which this package refuses bytes, text or a value. */
export const LEYLINE_ERRORS = {
  LEYLINE_TOO_LARGE: {
    means: 'The encoded message is longer than its kind allows; it was not looked into.',
    next: 'Send less, or split the message; the limit of each kind is in LIMITS.',
  },
  LEYLINE_TOO_DEEP: {
    means: 'Lists and maps are nested more deeply than allowed, or a value contains itself.',
    next: 'Flatten the value.',
  },
  LEYLINE_TOO_MANY: {
    means: 'A list, a map, a text or the message as a whole has more elements than allowed.',
    next: 'Send fewer elements; the limits are in LIMITS.',
  },
  LEYLINE_TRUNCATED: {
    means: 'The bytes end before the message does, or a declared length is beyond what is there.',
    next: 'Check how the sender frames its messages; nothing of this one was used.',
  },
  LEYLINE_TRAILING: {
    means: 'There are bytes after the end of the message.',
    next: 'Send exactly one message per payload.',
  },
  LEYLINE_MALFORMED: {
    means: 'The bytes are not msgpack, or the text is not JSON, as this contract uses them.',
    next: 'Use maps with text keys, valid UTF-8 and no extension types.',
  },
  LEYLINE_DUPLICATE_KEY: {
    means: 'A map names the same key twice; which of the two values counts would be a guess.',
    next: 'Fix the sender: it must write each key once.',
  },
  LEYLINE_FORBIDDEN_KEY: {
    means: 'A map has the key `__proto__`.',
    next: 'Rename the key at the sender.',
  },
  LEYLINE_INVALID: {
    means: 'The encoding is sound, but the value is not a message of this kind.',
    next: 'Compare the named field with what was expected there.',
  },
} as const satisfies ErrorTable;

/** Stable name of a refusal. Codes are API. */
export type LeylineErrorCode = keyof typeof LEYLINE_ERRORS;

/**
 * Why something was refused, and where. `found` describes the value by type and size, never by content, except for
 * numbers and for single short words where one of a closed set was expected: contents may be secret.
 */
export interface LeylineRefusal {
  readonly code: LeylineErrorCode;
  /** Field path such as `seedStates[3].metrics.alpha`; `$` is the whole message; `byte 17` or `character 17` before it could be read. At most 200 characters. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** How many further refusals of the same message are not listed. */
  readonly otherCount: number;
}

/** Thrown where a caller hands us a value to encode that is no valid message: a bug at the caller. */
export class LeylineError extends CodedError<LeylineErrorCode> {
  override readonly name = 'LeylineError';
  readonly refusal: LeylineRefusal;

  constructor(what: string, refusal: LeylineRefusal) {
    const { path, expected, found } = refusal;
    super(refusal.code, `${what}: at ${path} expected ${expected}, found ${found}`, LEYLINE_ERRORS[refusal.code]);
    this.refusal = refusal;
  }
}
