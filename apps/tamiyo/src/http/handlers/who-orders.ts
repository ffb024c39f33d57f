import type { Principal } from '../access-tokens.js';

/** The holder of the token is who gives an order; a name in the body says who used it. */
export function whoOrders(named: string | undefined, principal: Principal | undefined): string {
  const holder = principal?.name ?? '';
  return named === undefined ? holder : `${named} (${holder})`;
}
