const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19] as const;
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

/** BLAKE2s (RFC 7693) with a digest of 4 bytes and no key, as one big-endian number. Only the prototype's category codes need it. */
export function blake2sShort(data: Uint8Array): number {
  const h = Uint32Array.from(IV);
  h[0] = (h[0] as number) ^ 0x01010004;
  const blocks = Math.max(1, Math.ceil(data.length / 64));
  for (let block = 0; block < blocks; block++) {
    const bytes = new Uint8Array(64);
    bytes.set(data.subarray(block * 64, block * 64 + 64));
    const last = block === blocks - 1;
    compress(h, bytes, { seen: last ? data.length : (block + 1) * 64, last });
  }
  const first = h[0] as number;
  return (((first & 0xff) << 24) | ((first & 0xff00) << 8) | ((first >>> 8) & 0xff00) | (first >>> 24)) >>> 0;
}

function compress(h: Uint32Array, block: Uint8Array, { seen, last }: { seen: number; last: boolean }): void {
  const view = new DataView(block.buffer);
  const v = new Uint32Array(16);
  v.set(h);
  v.set(IV, 8);
  v[12] = (v[12] as number) ^ seen;
  if (last) v[14] = ~(v[14] as number);
  for (const order of SIGMA) {
    for (const [index, quarter] of QUARTERS.entries()) {
      const x = view.getUint32(4 * (order[2 * index] as number), true);
      const y = view.getUint32(4 * (order[2 * index + 1] as number), true);
      mix(v, quarter, [x, y]);
    }
  }
  for (let i = 0; i < 8; i++) h[i] = (h[i] as number) ^ (v[i] as number) ^ (v[i + 8] as number);
}

function mix(
  v: Uint32Array,
  [a, b, c, d]: readonly [number, number, number, number],
  words: readonly [number, number],
): void {
  const at = (index: number): number => v[index] as number;
  const steps = [
    [words[0], 16, 12],
    [words[1], 8, 7],
  ] as const;
  for (const [word, turnD, turnB] of steps) {
    v[a] = at(a) + at(b) + word;
    v[d] = rotate(at(d) ^ at(a), turnD);
    v[c] = at(c) + at(d);
    v[b] = rotate(at(b) ^ at(c), turnB);
  }
}
