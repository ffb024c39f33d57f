import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AccessTokens, type Principal, TOKEN_CHARACTERS_MIN, TOKEN_ROLES, type TokenRole } from './access-tokens.js';
import { HttpError } from './errors.js';

const FILE_NAME = /^([a-z]+)(?:-[A-Za-z0-9._-]{1,64})?$/;
const TOKENS_MAX = 64;
const FILE_BYTES_MAX = 4096;
const OTHERS = 0o077;

/** The tokens of a folder, and which of them were made now. */
export interface OpenedTokens {
  readonly tokens: AccessTokens;
  readonly made: readonly string[];
}

/**
 * One file per token, named for its role and, behind a dash, its holder: `trainer`, `operator-alice`. Where there is no
 * folder one is made, with a random token for a trainer and one for an operator. Rejects with `TOKENS_UNUSABLE` for a file
 * that others can read, a token that is short, and a name without a role; the message never quotes a token.
 */
export async function openTokenFolder(folder: string): Promise<OpenedTokens> {
  const made = (await exists(folder)) ? [] : await makeFolder(folder);
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  if (names.length === 0 || names.length > TOKENS_MAX)
    throw unusable(`${folder} holds ${names.length} tokens; 1 to ${TOKENS_MAX} can be used`);
  const tokens = await Promise.all(
    names.map(async (name) => ({ principal: principalOf(name, folder), token: await readToken(join(folder, name)) })),
  );
  return { tokens: new AccessTokens(tokens), made };
}

const unusable = (message: string, cause?: unknown): HttpError =>
  new HttpError('TOKENS_UNUSABLE', message, cause === undefined ? {} : { cause });

async function makeFolder(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const roles: readonly TokenRole[] = ['trainer', 'operator'];
  for (const role of roles) {
    const file = await open(join(folder, role), 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return roles;
}

function principalOf(name: string, folder: string): Principal {
  const role = FILE_NAME.exec(name)?.[1];
  if (!(TOKEN_ROLES as readonly (string | undefined)[]).includes(role))
    throw unusable(
      `${join(folder, name)}: a token file is named for its role (${TOKEN_ROLES.join(', ')}), then -HOLDER if you like`,
    );
  return { name, role: role as TokenRole };
}

async function readToken(path: string): Promise<string> {
  const { mode, size } = await stat(path);
  if ((mode & OTHERS) !== 0 && process.platform !== 'win32')
    throw unusable(`${path} can be read by others (mode ${(mode & 0o777).toString(8)}); do: chmod 600 ${path}`);
  if (size > FILE_BYTES_MAX) throw unusable(`${path} is ${size} bytes; a token is one line`);
  const token = (await readFile(path, 'utf8')).trim();
  if (token.length < TOKEN_CHARACTERS_MIN || /[^\x21-\x7e]/.test(token))
    throw unusable(`${path} must hold one line of at least ${TOKEN_CHARACTERS_MIN} printable characters`);
  return token;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw unusable(`${path} cannot be opened`, cause);
    },
  );
}
