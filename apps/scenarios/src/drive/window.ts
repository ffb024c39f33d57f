import type { StepHook } from './drive-run.js';

/** Does `begin` before the decision of step `from` and `end` before that of step `to`: a fault with a beginning and an end. */
export function during(
  [from, to]: readonly [number, number],
  begin: () => void | Promise<void>,
  end: () => void | Promise<void>,
): StepHook {
  return async (step) => {
    if (step === from) await begin();
    if (step === to) await end();
  };
}

/** All hooks, one after the other. */
export const together =
  (...hooks: readonly StepHook[]): StepHook =>
  async (step, packet) => {
    for (const hook of hooks) await hook(step, packet);
  };
