/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary);
}

/** The bytes, or `undefined` when the text is not exactly what {@link toBase64} writes. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!CANONICAL.test(text) || text.length % 4 !== 0) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  // Unused bits of the last character must be zero, or two texts would mean the same bytes.
  const tail = bytes.subarray(bytes.byteLength - (bytes.byteLength % 3));
  return tail.byteLength === 0 || toBase64(tail) === text.slice(-4) ? bytes : undefined;
}

const CHUNK_BYTES = 3 * 4096;
const CANONICAL = /^[A-Za-z0-9+/]*={0,2}$/;
