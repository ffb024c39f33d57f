const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => ALPHABET[(group >> shift) & 63]).join('');
    const kept = Math.min(3, bytes.length - index) + 1;
    text += letters.slice(0, kept).padEnd(4, '=');
  }
  return text;
}

/** The bytes of standard base64 with padding; `undefined` unless the text is exactly what {@link toBase64} writes for them. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  const bytes = new Uint8Array((text.replaceAll('=', '').length * 3) >> 2);
  for (let index = 0; index < bytes.length; index++) {
    const at = Math.floor((index * 8) / 6);
    const pair = (ALPHABET.indexOf(text[at] ?? 'A') << 6) | letterValue(text[at + 1]);
    bytes[index] = (pair >> (4 - 2 * (index % 3))) & 0xff;
  }
  // Stray bits behind the last byte would give one signature several texts.
  return toBase64(bytes) === text ? bytes : undefined;
}

const letterValue = (letter: string | undefined): number => Math.max(0, ALPHABET.indexOf(letter ?? '='));
