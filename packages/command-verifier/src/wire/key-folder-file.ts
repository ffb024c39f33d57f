import { COMMAND_TYPES, type CommandType } from '@esper/leyline';
import { z } from 'zod';

/** Name of the file that lists the keys of a folder. */
export const KEY_LIST_FILE = 'keys.json';

const COMMAND_TYPE_NAMES = Object.keys(COMMAND_TYPES) as [CommandType, ...CommandType[]];
const instant = z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text));

const keyEntry = z.strictObject({
  keyId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  algorithm: z.enum(['hmac-sha256', 'ed25519']),
  state: z.enum(['next', 'current', 'retired']),
  createdAt: instant,
  notBefore: instant,
  notAfter: instant,
  commandTypes: z.array(z.enum(COMMAND_TYPE_NAMES)).min(1).max(COMMAND_TYPE_NAMES.length).optional(),
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  shortSecret: z.literal('compatibility').optional(),
});

const keyList = z.strictObject({ version: z.literal(1), keys: z.array(keyEntry).max(64) });

/** One line of the key list: everything but the key itself. Times are milliseconds since 1970. */
export interface KeyEntry {
  readonly keyId: string;
  readonly algorithm: 'hmac-sha256' | 'ed25519';
  readonly state: 'next' | 'current' | 'retired';
  readonly createdAtMs: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly commandTypes?: readonly CommandType[];
  /** Name of the key file in the same folder; no path. */
  readonly file: string;
  readonly shortSecret?: 'compatibility';
}

/** The entries of a key list, or where it is wrong. Strict: unknown fields are refused. */
export function parseKeyList(text: string): readonly KeyEntry[] | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'not JSON'; // the parser's message would quote the text
  }
  const parsed = keyList.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') || 'the list'}: ${issue?.message ?? 'invalid'}`;
  }
  return parsed.data.keys.map(({ createdAt, notBefore, notAfter, commandTypes, shortSecret, ...rest }) => ({
    ...rest,
    createdAtMs: createdAt,
    notBeforeMs: notBefore,
    notAfterMs: notAfter,
    ...(commandTypes === undefined ? {} : { commandTypes }),
    ...(shortSecret === undefined ? {} : { shortSecret }),
  }));
}

/** The list as text, one field per line, times in UTC. */
export function formatKeyList(entries: readonly KeyEntry[]): string {
  const keys = entries.map(({ createdAtMs, notBeforeMs, notAfterMs, ...rest }) => ({
    ...rest,
    createdAt: isoText(createdAtMs),
    notBefore: isoText(notBeforeMs),
    notAfter: isoText(notAfterMs),
  }));
  return `${JSON.stringify({ version: 1, keys }, null, 2)}\n`;
}

const isoText = (atMs: number): string => new Date(atMs).toISOString();
