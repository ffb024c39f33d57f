const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Nothing in it is escaped: nearly every name. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string of ASCII alone, escaped as the prototype's files and digests are: all outside 0x20..0x7e as `\uXXXX`. */
export function asciiJsonString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let json = '"';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const unit = text.charCodeAt(at);
    const isPlain = unit >= 0x20 && unit <= 0x7e && char !== '"' && char !== '\\';
    json += isPlain ? char : (SHORT_ESCAPES[char] ?? `\\u${unit.toString(16).padStart(4, '0')}`);
  }
  return `${json}"`;
}

const SURROGATE = /[\ud800-\udfff]/;

/** Order by code point, as Python sorts text; JavaScript's own order is by UTF-16 unit and differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  // Below the surrogates both orders are the same.
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : Number(a > b);
  let at = 0;
  while (at < a.length && at < b.length) {
    const left = a.codePointAt(at) ?? 0;
    const right = b.codePointAt(at) ?? 0;
    if (left !== right) return left - right;
    at += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
