import { type PolicyStore, RegistryError } from '@esper/registry';

/** The digest of the one policy of the history that `beginning` names. Throws `POLICY_STATE_INVALID` when none or several do. */
export function namedPolicy(store: Pick<PolicyStore, 'state'>, beginning: string): string {
  const found = [...store.state().standings.keys()].filter((digest) => digest.startsWith(beginning));
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  const why = one === undefined ? 'no policy of the history has' : `${found.length} policies have`;
  throw new RegistryError('POLICY_STATE_INVALID', `${why} a digest that begins with ${beginning}`);
}
