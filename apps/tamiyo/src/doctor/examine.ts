import { type Check, type Finding, failFrom, type Verdict } from './check.js';
import type { Scene } from './scene.js';

/** A check and what it came to. */
export type Examined = Pick<Check, 'id' | 'asks'> & Finding;

/** Asks one question after the other, so that no measurement disturbs another. Never rejects. */
export async function* examine(checks: readonly Check[], scene: Scene): AsyncGenerator<Examined> {
  for (const { id, asks, look } of checks) {
    const finding = await look(scene).catch(failFrom);
    yield { id, asks, ...finding };
  }
}

/** How often each verdict was given. */
export function tally(examined: readonly Examined[]): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, warn: 0, fail: 0, skipped: 0 };
  for (const { verdict } of examined) counts[verdict] += 1;
  return counts;
}
