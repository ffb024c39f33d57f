import { readFile } from 'node:fs/promises';
import { type ConfigInput, type ResolvedConfig, resolveConfig } from '../config/resolve.js';
import { TamiyoError } from '../errors.js';
import type { CommandContext } from './program.js';

const FILE_BYTES_MAX = 1 << 20;

/** The configuration in force for a command. Throws `CONFIG_INVALID` with every problem, one per line. */
export async function loadConfig(
  context: CommandContext,
  own: Readonly<Record<string, unknown>> = {},
): Promise<ResolvedConfig> {
  const file = context.configFile === undefined ? {} : await readConfigFile(context.configFile);
  const input: ConfigInput = { flags: { ...own, ...context.settings }, environment: context.environment, file };
  const resolved = resolveConfig(input);
  if (resolved.ok) return resolved.value;
  const list = resolved.error.map((problem) => `  ${problem.key} (${problem.source}): ${problem.message}`).join('\n');
  throw new TamiyoError(
    'CONFIG_INVALID',
    `${resolved.error.length} value${resolved.error.length === 1 ? '' : 's'} cannot be used:\n${list}`,
  );
}

/** The configuration file as it stands. Throws `CONFIG_INVALID` when it is no JSON object. */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > FILE_BYTES_MAX) throw new RangeError(`${bytes.length} bytes, at most ${FILE_BYTES_MAX}`);
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new TypeError('the file must hold a JSON object');
    return value as Record<string, unknown>;
  } catch (cause) {
    throw new TamiyoError('CONFIG_INVALID', `cannot read the configuration file ${path}`, { cause });
  }
}
