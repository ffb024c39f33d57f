/** Numbers in [0, 1) from a seed and a name (splitmix32 over an FNV-1a hash): each tensor has a stream of its own. */
export function seededStream(seed: number, name: string): () => number {
  let state = seed >>> 0;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}
