import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';

/** Every failure and refusal of the bus. */
export const OONA_ERRORS = {
  OONA_OPTION_INVALID: {
    means: 'An option of the bus is outside its range.',
    next: 'Correct the option the message names.',
  },
  OONA_CLOSED: {
    means: 'The bus has been closed.',
    next: 'Open it again; what was accepted before is kept.',
  },
  OONA_UNKNOWN_STREAM: {
    means: 'There is no stream of this name, or it cannot be published to.',
    next: 'Use one of BUS_STREAMS; the dead-letter stream is filled by the bus alone.',
  },
  OONA_ENVELOPE_INVALID: {
    means: 'The envelope is not a valid BusEnvelope.',
    next: 'Build it from the contract; the reason names the field.',
  },
  OONA_FULL: {
    means: 'The stream holds as many unacknowledged messages as it may.',
    next: 'Keep the message and try again; look for a consumer group that has stopped, and drop it if it is gone for good.',
  },
  OONA_JOURNAL_FAILED: {
    means: 'The message could not be made durable, so it was not accepted.',
    next: 'Look at the disk and the journal behind the bus; the publisher still has the message.',
  },
  OONA_GROUP_BUSY: {
    means: 'The group already has a subscriber for this stream in this process.',
    next: 'Close the other subscription first, or use another group.',
  },
  OONA_UNREACHABLE: {
    means: 'Redis is not there, or did not answer in time. Whether it took the message is unknown.',
    next: 'Keep the message and publish it again under the same id: it is taken once. Look at Redis and the network.',
  },
  OONA_REDIS_REFUSED: {
    means: 'Redis answered with an error.',
    next: 'Read the reason: rights of the user, a version before 6.2, a read-only replica, or keys of another type.',
  },
  OONA_JOURNAL_UNREADABLE: {
    means: 'A record of the outbox journal is not one this version wrote.',
    next: 'Start with the version that wrote it, or move the journal away; nothing was changed.',
  },
} as const satisfies ErrorTable;

/** Stable name of a failure. Codes are API. */
export type OonaErrorCode = keyof typeof OONA_ERRORS;

/** The bus or its caller failed. Outcomes of `publish` come as values, not as this. */
export class OonaError extends CodedError<OonaErrorCode> {
  override readonly name = 'OonaError';

  constructor(code: OonaErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, OONA_ERRORS[code], options);
  }
}
