import { createHash, timingSafeEqual } from 'node:crypto';

/** What a token may do. `trainer` asks for decisions and reads, `operator` does everything, `reader` only reads. */
export const TOKEN_ROLES = ['trainer', 'operator', 'reader'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** What a request wants to do. */
export type Permission = 'decide' | 'read' | 'operate';

const GRANTS: Readonly<Record<TokenRole, readonly Permission[]>> = {
  trainer: ['decide', 'read'],
  operator: ['decide', 'read', 'operate'],
  reader: ['read'],
};

/** Roles that have the permission, for messages. */
export const rolesWith = (permission: Permission): readonly TokenRole[] =>
  TOKEN_ROLES.filter((role) => GRANTS[role].includes(permission));

/** Who a token belongs to. The name stands in records and logs; the token never does. */
export interface Principal {
  /** For example `operator` or `operator-alice`: the name of the token's file. */
  readonly name: string;
  readonly role: TokenRole;
}

export const mayDo = (principal: Principal, permission: Permission): boolean =>
  GRANTS[principal.role].includes(permission);

/** Shortest token that is taken, in characters. */
export const TOKEN_CHARACTERS_MIN = 32;
const TOKEN_CHARACTERS_MAX = 512;

/**
 * The tokens of a host. Only digests are kept; a look-up compares with every one of them in constant time, so that neither
 * the time nor the memory of the process tells how near a guess was.
 */
export class AccessTokens {
  readonly #known: readonly { readonly principal: Principal; readonly digest: Buffer }[];

  constructor(tokens: readonly { readonly principal: Principal; readonly token: string }[]) {
    this.#known = tokens.map(({ principal, token }) => ({ principal, digest: digestOf(token) }));
  }

  principalOf(token: string): Principal | undefined {
    const digest = digestOf(token.slice(0, TOKEN_CHARACTERS_MAX));
    let found: Principal | undefined;
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known.principal;
    return found;
  }

  names(): readonly string[] {
    return this.#known.map(({ principal }) => principal.name);
  }
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** The token of an Authorization header, or `undefined` when the header is absent or of another scheme. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
