/** Our own reasoning was wrong. Never caught on purpose, never raised for user input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Stays on in production. `message` says what was believed; as a function it is only put together when it is needed, which
 * matters where numbers become text on every call. Throws {@link InvariantError}.
 */
export function invariant(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message());
}

/** Ends an exhaustive `switch`: a new member of the union stops the build here. Throws {@link InvariantError}. */
export function assertNever(value: never, what: string): never {
  throw new InvariantError(`unhandled ${what}: ${String(value)}`);
}
