declare const proof: unique symbol;

/**
 * A value whose signature, freshness and replay were checked. Only a verifier makes one, so a function that executes
 * commands takes `Verified<AdaptationCommand>`, and forgetting the check does not compile.
 */
export type Verified<T> = T & { readonly [proof]: 'signature, freshness and replay checked' };

/** The one place where the mark is given. Not exported from the package. */
export const markVerified = <T>(value: T): Verified<T> => value as Verified<T>;
