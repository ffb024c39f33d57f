import { err, ok, type Result } from '@esper/std';
import type { NetworkOutputs } from '../network/outputs.js';
import type { Observation } from '../observe/observation.js';
import { ACTIONS, type Action } from './actions.js';
import { argMax } from './arg-max.js';
import { type DependencyViolation, dependencyViolation } from './dependency-violation.js';
import type { Selection } from './selection.js';

/** A class that could not be chosen. The classes without a meaning are not listed. */
interface MaskedAction {
  readonly action: Action;
  readonly reason: 'no_eligible_seed';
}

export interface ActionChoice {
  readonly index: number;
  readonly action: Action;
  readonly logit: number;
  /** Chosen logit minus the next best one that could have been chosen. */
  readonly gap: number;
  readonly masked: readonly MaskedAction[];
}

/**
 * The best class that has a meaning. A graft is masked while seeds are listed and every one of them is busy, finished or
 * dead: that is a normal hour of a run, and the next best action is taken (P-D13). A graft that is wanted and lacks its
 * dependencies altogether (no seed at all, no id, no blueprint) is a violation, never a pause (PB-01, PB-03, PB-04).
 */
export function chooseAction(
  outputs: NetworkOutputs,
  observation: Observation,
  selection: Selection,
): Result<ActionChoice, DependencyViolation> {
  const busy = selection.seed === undefined && observation.seeds.some((seed) => seed.eligibility !== 'blank_id');
  const best = argMax(
    outputs.policyLogits,
    (index) => index < ACTIONS.length && !(busy && ACTIONS[index] === 'germinate'),
  );
  const index = best?.index ?? ACTIONS.indexOf('pause');
  const action = ACTIONS[index] as Action;
  if (action === 'germinate') {
    const violation = graftViolation(observation, selection);
    if (violation !== undefined) return err(violation);
  }
  const masked: readonly MaskedAction[] = busy ? [{ action: 'germinate', reason: 'no_eligible_seed' }] : [];
  return ok({ index, action, logit: best?.value ?? 0, gap: best?.gap ?? 0, masked });
}

function graftViolation(observation: Observation, { seed, blueprint }: Selection): DependencyViolation | undefined {
  const details = { training_run_id: observation.trainingRunId, packet_id: observation.packetId };
  if (observation.seeds.length === 0) {
    return dependencyViolation({ dependencyType: 'seed', identifier: '', details }, 'no_seed_candidates');
  }
  const withCommand = { ...details, command_id: '<unset>' };
  if (seed === undefined) {
    return dependencyViolation(
      { dependencyType: 'seed', identifier: '', details: withCommand },
      'seed command missing target_seed_id',
    );
  }
  if (blueprint !== undefined) return undefined;
  return dependencyViolation(
    { dependencyType: 'blueprint', identifier: '', details: { ...withCommand, seed_id: seed.candidate.seedId } },
    'seed command missing blueprint_id',
  );
}
