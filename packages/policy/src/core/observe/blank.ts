/** No visible character: Unicode white space, the separators U+001C to U+001F, U+0085 and the byte order mark. */
export const isBlank = (text: string): boolean => BLANK.test(text);

// biome-ignore lint/suspicious/noControlCharactersInRegex: an id made of control characters is exactly what is looked for
const BLANK = /^[\s\u001c-\u001f\u0085\ufeff]*$/u;
