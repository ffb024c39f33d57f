/** One place where what was recorded and what comes out now are not the same. */
export interface Difference {
  /** For example `findings[3].value`. */
  readonly path: string;
  readonly recorded: unknown;
  readonly now: unknown;
}

/** Shown of one value. */
const TEXT_CHARS_MAX = 120;

/** The first `max` places at which two pieces of plain data differ, to the bit: NaN equals NaN, 0 is not -0. */
export function differencesOf(
  recorded: unknown,
  now: unknown,
  { path, max }: { readonly path: string; readonly max: number },
): readonly Difference[] {
  const found: Difference[] = [];
  compare({ path, recorded, now }, { found, max });
  return found;
}

interface Search {
  readonly found: Difference[];
  readonly max: number;
}

function compare(pair: Difference, search: Search): void {
  const { path, recorded, now } = pair;
  if (search.found.length >= search.max || Object.is(recorded, now)) return;
  const parts = partsOf(recorded);
  const others = partsOf(now);
  if (parts === undefined || others === undefined || Array.isArray(recorded) !== Array.isArray(now)) {
    search.found.push({ path, recorded: shown(recorded), now: shown(now) });
    return;
  }
  for (const key of new Set([...Object.keys(parts), ...Object.keys(others)])) {
    const name = Array.isArray(recorded) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    compare({ path: name, recorded: parts[key], now: others[key] }, search);
  }
}

const partsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;

/** A value as a message can carry it. */
function shown(value: unknown): unknown {
  if (value === undefined) return 'absent';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? value : undefined;
  if (text === undefined) return value;
  return text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : typeof value === 'string' ? value : text;
}
