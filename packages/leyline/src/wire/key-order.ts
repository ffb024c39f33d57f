/** Order of the keys' UTF-8 bytes, which is the order of code points and not that of UTF-16 units. */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units: U+E000..U+FFFF moves below them. */
const codePointRank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);

interface KnownOrder {
  readonly given: readonly string[];
  readonly sorted: readonly string[];
}

const PLACES = 256;
/** More keys, or longer ones, are no shape that comes again and again, and would keep a caller's text alive. */
const KEYS_MAX = 64;
const KEY_CHARS_MAX = 64;

/**
 * Nearly every map that is written has the keys of one written before, in the order in which the same code made it. Comparing them
 * with what was sorted then costs a tenth of sorting; a place holds the latest of the shapes that fall to it.
 */
const known: (KnownOrder | undefined)[] = new Array(PLACES).fill(undefined);

/** The keys in canonical order. Neither array may be changed. */
export function canonicalOrder(keys: readonly string[]): readonly string[] {
  const place = placeOf(keys);
  const found = known[place];
  if (found !== undefined && isSame(found.given, keys)) return found.sorted;
  const sorted = [...keys].sort(compareKeys);
  if (keys.length <= KEYS_MAX && keys.every((key) => key.length <= KEY_CHARS_MAX))
    known[place] = { given: keys, sorted };
  return sorted;
}

function placeOf(keys: readonly string[]): number {
  const [first = ''] = keys;
  const last = keys[keys.length - 1] ?? '';
  const mixed = keys.length * 31 + first.length * 7 + first.charCodeAt(0) * 5 + last.length * 3 + last.charCodeAt(0);
  return mixed % PLACES || 0;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}
