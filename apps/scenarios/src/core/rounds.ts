import type { Assertion, ScenarioOutcome } from './outcome.js';

/** One pass through a scenario. */
export interface Round {
  readonly seed: number;
  readonly outcome: ScenarioOutcome;
}

const broken = ({ outcome }: Round): readonly Assertion[] => outcome.assertions.filter(({ held }) => !held);

/**
 * Many rounds as one outcome: the figures and recordings of the last, or of the first that broke a promise. Every promise that did not
 * hold in any round stands in it, with the seed that shows it.
 */
export function joinRounds(rounds: readonly [Round, ...Round[]]): ScenarioOutcome {
  const shown = rounds.find((round) => broken(round).length > 0) ?? (rounds.at(-1) as Round);
  const others = rounds.filter((round) => round !== shown);
  const failed = others.flatMap((round) =>
    broken(round).map((assertion) => ({ ...assertion, seen: `${assertion.seen} (seed ${round.seed})` })),
  );
  return {
    ...shown.outcome,
    assertions: [...shown.outcome.assertions, ...failed],
    extra: {
      ...shown.outcome.extra,
      rounds: rounds.length,
      shownSeed: shown.seed,
      failedSeeds: rounds.filter((round) => broken(round).length > 0).map(({ seed }) => seed),
    },
  };
}
