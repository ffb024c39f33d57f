import { err, ok, type Result } from '@esper/std';

/** A key that stands twice may be as long as the text. */
const KEY_CHARS_SHOWN = 128;
/** A string, or one structural character. Run over text that is known to be valid JSON. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/** The first key that stands twice in one object, or undefined. `text` must be valid JSON. */
function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key = JSON.parse(last) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    last = token;
  }
  return undefined;
}

/**
 * `JSON.parse` that refuses a key given twice in one object, compared after unescaping (`"a"` and `"\u0061"` are one key).
 * The error is a sentence for people.
 */
export function parseJsonStrictly(text: string): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return err(cause instanceof Error ? cause.message : 'not JSON');
  }
  const twice = duplicateKey(text);
  return twice === undefined
    ? ok(value)
    : err(`the key ${JSON.stringify(twice.slice(0, KEY_CHARS_SHOWN))} stands twice`);
}
