import { REGISTRY_ERRORS, RegistryError, type RegistryErrorCode, type RegistryRefusal } from '@esper/registry';
import { isCodedError } from '@esper/std';
import { TamiyoError } from '../errors.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';

/** Damage, as opposed to what is whole and not wanted. */
const CORRUPT: ReadonlySet<string> = new Set<RegistryErrorCode>([
  'TABLE_CORRUPT',
  'HISTORY_BROKEN',
  'CATALOGUE_INVALID',
  'CATALOGUE_DIGEST_MISMATCH',
]);
/** Somebody else is at work there. */
const UNSAFE: ReadonlySet<string> = new Set<RegistryErrorCode>(['TABLE_LOCKED', 'STORE_LOCKED']);
/** The world, not what was looked at. */
const FAILED: ReadonlySet<string> = new Set<RegistryErrorCode>([
  'BUNDLE_UNREADABLE',
  'TABLE_SAVE_FAILED',
  'STORE_WRITE_FAILED',
  'CATALOGUE_MISSING',
  'CATALOGUE_FAILED',
]);

/** The exit code of a registry error: 5 damaged, 3 held by another process, 1 failed, 4 looked at and refused. */
export function registryExit(code: string): number {
  if (CORRUPT.has(code)) return EXIT.corrupt;
  if (UNSAFE.has(code)) return EXIT.unsafe;
  return FAILED.has(code) || !(code in REGISTRY_ERRORS) ? EXIT.failure : EXIT.verification;
}

/** Runs a command's body; an error of the registry is printed like any other and has its own exit code. */
export async function withRegistryExit(context: CommandContext, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    context.output.error(error);
    return registryExit(error.code);
  }
}

/** A refusal as an error, so that it is printed with its next step. */
export const asError = ({ code, message }: RegistryRefusal): RegistryError => new RegistryError(code, message);

/** Who does something and why, as the history wants it: `--who`, else the user's name; `--why` must be given. */
export function noteOf(
  { environment }: CommandContext,
  options: { readonly who?: string; readonly why?: string },
): { readonly who: string; readonly why: string } {
  const who = (options.who ?? environment['USER'] ?? environment['USERNAME'] ?? '').trim();
  const why = (options.why ?? '').trim();
  if (who === '' || who.length > 256)
    throw new TamiyoError('OPTION_INVALID', 'the history needs a name of at most 256 characters: give --who NAME');
  if (why === '' || why.length > 1024)
    throw new TamiyoError('OPTION_INVALID', 'the history needs a reason of at most 1,024 characters: give --why TEXT');
  return { who, why };
}
