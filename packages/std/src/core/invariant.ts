/** Our own reasoning was wrong. Never caught on purpose, never raised for user input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Stays on in production. `message` says what was believed. Throws {@link InvariantError}. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Ends an exhaustive `switch`: a new member of the union stops the build here. Throws {@link InvariantError}. */
export function assertNever(value: never, what: string): never {
  throw new InvariantError(`unhandled ${what}: ${String(value)}`);
}
