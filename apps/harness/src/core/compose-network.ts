import type { Graft } from './block.js';
import type { Network } from './network.js';
import { BLENDED_STAGES } from './seed-lifecycle.js';
import type { SeedModule, SeedSlot, TrainerState } from './trainer-state.js';

const graftOf = (module: SeedModule, alpha: number): Graft => ({
  mixing: module.blend.mixing,
  rank: module.rank,
  weights: module.weights,
  gain: module.blend.factors.map((factor) => factor * alpha),
});

/** True when the seed's block is part of the network's output. */
export const isBlended = (slot: SeedSlot): boolean => slot.module !== undefined && BLENDED_STAGES.includes(slot.stage);

/** The network with every blended seed at its alpha, and with the seed `shadowed`, if given, at alpha 1. */
export function composeNetwork(state: Pick<TrainerState, 'shape' | 'host' | 'seeds'>, shadowed?: string): Network {
  const grafts = state.seeds.flatMap((slot) => {
    const { module, seedId, site } = slot;
    if (module === undefined) return [];
    if (seedId === shadowed) return [{ seedId, site, graft: graftOf(module, 1) }];
    return isBlended(slot) ? [{ seedId, site, graft: graftOf(module, module.alpha) }] : [];
  });
  return { shape: state.shape, host: state.host, grafts };
}
