/**
 * The order in which the prototype's protobuf runtime (upb) writes the keys of a map: by UTF-8 bytes, and where one key is
 * the beginning of the other, the longer one first; the empty key is last. Plain byte order differs on such pairs, and
 * so does every signature over them.
 */
export function compareMapKeys(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return b.length - a.length;
}
