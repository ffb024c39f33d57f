declare const brand: unique symbol;

/** A base type that cannot be mixed up with another of the same base. Made in exactly one checked constructor. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };
