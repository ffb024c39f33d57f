import { err, ok, type Result } from '@esper/std';

/** The actions that have a meaning, in the order of the policy head's first classes. */
export const PRIOR_ACTIONS = ['seed', 'optimizer', 'pause', 'breaker_open', 'breaker_close'] as const;
type PriorAction = (typeof PRIOR_ACTIONS)[number];

/** How likely a fresh network finds each action. Probabilities in [0, 1] that sum to 1; what is left out is 0. */
export type ActionPrior = Readonly<Partial<Record<PriorAction, number>>>;

/** Why text or numbers are no action prior. */
export interface ActionPriorRefusal {
  readonly code: 'action_prior_invalid';
  readonly reason: string;
}

/** A fresh network pauses: it has learnt nothing that would justify a change. */
export const DEFAULT_ACTION_PRIOR: ActionPrior = Object.freeze({ seed: 0.1, optimizer: 0.3, pause: 0.6 });

/** Stands for probability 0, whose logarithm is not finite: about one in a million. */
const IMPOSSIBLE = 1e-6;
const SUM_TOLERANCE = 1e-6;

const invalid = (reason: string): Result<never, ActionPriorRefusal> => err({ code: 'action_prior_invalid', reason });
const isAction = (name: string): name is PriorAction => (PRIOR_ACTIONS as readonly string[]).includes(name);

/** Known actions, finite probabilities in [0, 1], sum 1 within 1e-6. */
export function checkActionPrior(prior: ActionPrior): Result<ActionPrior, ActionPriorRefusal> {
  for (const [name, probability] of Object.entries(prior)) {
    if (!isAction(name)) return invalid(`unknown action ${name}`);
    if (!(probability >= 0 && probability <= 1)) return invalid(`${name} is ${probability}, expected 0 to 1`);
  }
  const sum = Object.values(prior).reduce((total, probability) => total + probability, 0);
  return Math.abs(sum - 1) <= SUM_TOLERANCE ? ok(prior) : invalid(`the probabilities sum to ${sum}, expected 1`);
}

/** Reads `seed=0.1,optimizer=0.3,pause=0.6`: each action at most once. */
export function parseActionPrior(text: string): Result<ActionPrior, ActionPriorRefusal> {
  const prior: Partial<Record<PriorAction, number>> = {};
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.split('=').map((piece) => piece.trim());
    if (!isAction(name)) return invalid(`unknown action ${JSON.stringify(name.slice(0, 64))}`);
    if (prior[name] !== undefined) return invalid(`${name} stands twice`);
    if (rest.length > 0 || value === '')
      return invalid(`${JSON.stringify(part.slice(0, 64))} is not of the form action=probability`);
    prior[name] = Number(value);
  }
  return checkActionPrior(prior);
}

/**
 * Bias of the policy head: log of the prior for the five actions, log of one in a million for what has probability 0 or no
 * meaning. With zero weights, softmax gives the prior back.
 */
export function actionBias(prior: ActionPrior, classCount: number): Float32Array {
  return Float32Array.from({ length: classCount }, (_, i) => {
    const action = PRIOR_ACTIONS[i];
    return Math.log(Math.max(IMPOSSIBLE, (action && prior[action]) ?? 0));
  });
}
