import type { BlueprintDescriptor } from '@esper/leyline';
import type { ObserveLimits } from '../../core/observe/observe-limits.js';
import { isPreparedFor, type PreparedBlueprints, prepareBlueprints } from '../../core/observe/prepared-blueprints.js';

/** Gives the prepared form of blueprints. */
export type RememberedBlueprints = (
  blueprints: readonly BlueprintDescriptor[],
  limits: ObserveLimits,
) => PreparedBlueprints;

/** Keeps what was prepared last, and prepares again only when other blueprints or limits come. */
export function rememberBlueprints(): RememberedBlueprints {
  let last: PreparedBlueprints | undefined;
  return (blueprints, limits) => {
    if (last === undefined || !isPreparedFor(last, blueprints, limits)) last = prepareBlueprints(blueprints, limits);
    return last;
  };
}
