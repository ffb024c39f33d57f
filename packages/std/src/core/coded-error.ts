const mark: unique symbol = Symbol.for('@esper/std/coded-error');

/** What a package documents about one of its error codes. */
export interface ErrorEntry {
  /** What has happened, in one sentence. */
  readonly means: string;
  /** What the reader should do now, in one sentence. */
  readonly next: string;
}

/** The error codes of one package. Codes are API: semver covers them; messages may change. */
export type ErrorTable = Readonly<Record<string, ErrorEntry>>;

export interface CodedErrorOptions {
  readonly cause?: unknown;
}

/**
 * An error with a stable `code`, a `next` step for the reader, and the `cause` that led to it.
 * A package derives one class from it and one `const` table of its codes.
 */
export abstract class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  /** What the reader should do now. Taken from the package's table. */
  readonly next: string;

  protected constructor(code: Code, message: string, entry: ErrorEntry, options: CodedErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.next = entry.next;
    Object.defineProperty(this, mark, { value: true });
  }
}

/** True for a coded error of any package, also when two copies of this package are loaded. */
export function isCodedError(value: unknown): value is CodedError {
  return value instanceof Error && mark in value;
}
