/** No visible character: Unicode white space, the separators U+001C to U+001F, U+0085 and the byte order mark. */
export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  // Nearly every name begins with a letter; a pattern is asked about the others.
  return !(first > SPACE && first < DELETE) && BLANK.test(text);
}

const SPACE = 0x20;
const DELETE = 0x7f;

// biome-ignore lint/suspicious/noControlCharactersInRegex: an id made of control characters is exactly what is looked for
const BLANK = /^[\s\u001c-\u001f\u0085\ufeff]*$/u;
