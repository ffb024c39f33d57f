import { CodedError, type ErrorTable } from '@esper/std';

/** What the HTTP interface itself refuses, before or beside a decision. Codes are API. */
export const HTTP_ERRORS = {
  TOKEN_MISSING: {
    means: 'The request needs a token and has none.',
    next: 'Send "Authorization: Bearer TOKEN"; tokens lie in the token folder that tamiyo serve prints.',
  },
  TOKEN_INVALID: {
    means: 'The token is none of this host.',
    next: 'Read the token again from the token folder; it may have been replaced.',
  },
  ROLE_MISSING: {
    means: 'The token is known, but its role does not allow this.',
    next: 'Use a token of the role that the message names.',
  },
  REQUEST_INVALID: {
    means: 'A header, a parameter or the body of the request is not what this path takes.',
    next: 'Correct the field that the message names; /openapi.json has the whole contract.',
  },
  BODY_TOO_LARGE: {
    means: 'The body is longer than allowed; it was not read.',
    next: 'Send less: a packet has at most 1 MiB.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    means: 'The body is of a kind that is not taken here.',
    next: 'Send application/json or application/msgpack and name it in Content-Type.',
  },
  ACCEPT_UNSUPPORTED: {
    means: 'None of the kinds that Accept names can be sent.',
    next: 'Accept application/vnd.esper.command (the sealed bytes) or application/json.',
  },
  ROUTE_UNKNOWN: { means: 'There is nothing at this path.', next: 'See /openapi.json for the paths there are.' },
  METHOD_NOT_ALLOWED: {
    means: 'The path is there, but not for this method.',
    next: 'Use a method of the Allow header.',
  },
  NO_SUCH_DECISION: {
    means: 'The log holds no decision of this id.',
    next: 'Compare the id with the Tamiyo-Decision-Id of the answer; retention may have removed old ones.',
  },
  RUN_UNKNOWN: {
    means: 'Nobody has reported on this run yet.',
    next: 'Compare the run id; a run is known from its first packet on.',
  },
  COMMAND_ABSENT: {
    means: 'The decision has no command: it failed, or the command was withheld.',
    next: 'Read the decision; its code says why.',
  },
  RATE_LIMITED: {
    means: 'This token sends more requests than it may.',
    next: 'Wait as long as Retry-After says; raise TAMIYO_HTTP_RATE_MAX if the rate is meant.',
  },
  TOO_BUSY: {
    means: 'As many requests are under way as may be at once.',
    next: 'Wait as long as Retry-After says and send the same packet again.',
  },
  STREAMS_FULL: {
    means: 'As many event streams are open as may be.',
    next: 'Close one, or raise TAMIYO_HTTP_STREAMS_MAX.',
  },
  REQUEST_TIMEOUT: {
    means: 'The request did not arrive whole within its time.',
    next: 'Send it again at once and whole; look for what slows the connection down.',
  },
  REQUEST_MALFORMED: {
    means: 'The bytes are no HTTP request that is taken here.',
    next: 'Use an HTTP/1.1 client, with headers of at most 16 KiB.',
  },
  HOST_REFUSED: {
    means: 'The Host header names another host than this one.',
    next: 'Ask for 127.0.0.1, [::1] or localhost: pages of other sites may not reach this interface.',
  },
  LISTEN_FAILED: {
    means: 'The address cannot be listened on.',
    next: 'Stop what listens there, or give another one with --port or --socket.',
  },
  TOKENS_UNUSABLE: {
    means: 'The token folder cannot be used.',
    next: 'Correct what the message names, or remove the folder: tamiyo serve makes a new one.',
  },
} as const satisfies ErrorTable;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** A request that is refused, or a server that cannot start. The message is shown to the caller: nothing secret in it. */
export class HttpError extends CodedError<HttpErrorCode> {
  override readonly name = 'HttpError';
  /** Response headers that belong to the refusal, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: HttpErrorCode,
    message: string,
    more: { readonly cause?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, message, HTTP_ERRORS[code], more.cause === undefined ? {} : { cause: more.cause });
    this.headers = more.headers ?? {};
  }
}
