import { invariant } from '@esper/std';

/** A stream of seeded randomness. The same key gives the same stream on every machine. */
export interface RandomStream {
  /** A fraction in [0, 1). */
  fraction(): number;
  /** A whole number in [0, `below`). */
  below(below: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/** FNV-1a with a final mix: a 32-bit hash of text that spreads over all bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}

/**
 * The stream named `key` of the run with this seed (splitmix32). Streams are named, not shared: drawing one number more
 * for one purpose does not shift another.
 */
export function randomStream(seed: number, key: string): RandomStream {
  invariant(Number.isSafeInteger(seed), `a seed is a whole number: ${seed}`);
  let state = hashText(`${seed}/${key}`);
  const uint32 = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const fraction = (): number => uint32() / 2 ** 32;
  return {
    fraction,
    below: (below) => Math.floor(fraction() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction()),
  };
}

/** A shuffled copy of `items` (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: RandomStream): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
