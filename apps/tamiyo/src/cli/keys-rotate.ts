import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyAlgorithm, type TrustedKey, VerifierError } from '@esper/command-verifier';
import { createKeyFolder, loadKeyFolder, promoteKeyInFolder, stageKey } from '@esper/command-verifier/node';
import type { UnixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { publicKeyOf } from '../adapters/keys.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT, type Output } from './output.js';
import type { CommandContext } from './program.js';
import { wholeNumber } from './whole-number.js';

const DAY_MS = 86_400_000;
/** Freshness window and clock skew of a consumer with default settings: a command may be that old when it arrives. */
const OVERLAP_SECONDS_MIN = 65;

/** Options of `tamiyo keys rotate`. */
export interface RotateOptions {
  readonly folder?: string;
  readonly promote?: string;
  readonly id?: string;
  readonly algorithm?: string;
  readonly validDays: string;
  readonly overlapSeconds: string;
}

/** One step of a rotation in a key folder; the folder is made when it is not there. */
export async function rotateKeys(context: CommandContext, options: RotateOptions): Promise<number> {
  const { values } = await loadConfig(context);
  const folder = options.folder ?? values['seal.keyFolder'];
  if (folder === '')
    throw new TamiyoError('KEYS_MISSING', 'a secret in the environment cannot be rotated; name a key folder');
  const at = systemClock.wallMs();
  const overlapSeconds = { least: OVERLAP_SECONDS_MIN, most: 2_592_000 };
  const overlapMs = 1000 * wholeNumber('--overlap-seconds', options.overlapSeconds, overlapSeconds);
  if (options.promote === undefined) return stage(context.output, { folder, at, options });
  await promoteKeyInFolder(folder, options.promote, { at, overlapMs });
  context.output.object({ step: 'promoted', folder, keyId: options.promote, overlapMs });
  context.output.line(`${options.promote} signs once the issuer has loaded ${folder} again`);
  context.output.line(`the key before it verifies for ${overlapMs / 1000} s more; load the ring everywhere by then`);
  return EXIT.ok;
}

interface Staging {
  readonly folder: string;
  readonly at: UnixMs;
  readonly options: RotateOptions;
}

async function stage(output: Output, { folder, at, options }: Staging): Promise<number> {
  const validForMs = DAY_MS * wholeNumber('--valid-days', options.validDays, { least: 1, most: 3650 });
  if (await ensureRing(folder)) output.note(`made the key folder ${folder}`);
  const keys = await loadKeyFolder(folder);
  const waiting = keys.find((key) => key.state === 'next');
  if (waiting !== undefined)
    throw new VerifierError('KEY_RING_INVALID', `${waiting.keyId} is staged already: tamiyo keys rotate --promote it`);
  const algorithm = algorithmOf(options.algorithm, keys);
  const keyId = options.id ?? `tamiyo-${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}`;
  await stageKey(folder, { keyId, algorithm, at, validForMs });
  // Nobody trusts an older key yet, so there is nobody to wait for.
  if (keys.length === 0) await promoteKeyInFolder(folder, keyId, { at, overlapMs: 0 });
  await printStaged(output, { folder, keyId, algorithm, step: keys.length === 0 ? 'first' : 'staged' });
  return EXIT.ok;
}

interface Staged {
  readonly folder: string;
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly step: 'first' | 'staged';
}

async function printStaged(output: Output, { folder, keyId, algorithm, step }: Staged): Promise<void> {
  const publicKey = algorithm === 'ed25519' ? new TextDecoder().decode(await publicKeyOf(folder, keyId)) : undefined;
  output.object({ step, folder, keyId, algorithm, ...(publicKey === undefined ? {} : { publicKey }) });
  output.line(
    step === 'first' ? `${keyId} signs and verifies` : `${keyId} is staged: it verifies, and does not sign yet`,
  );
  if (publicKey !== undefined) output.line(`for consumers that must not be able to sign:\n${publicKey.trimEnd()}`);
  if (step === 'staged')
    output.line(`next: load the ring at every consumer, then tamiyo keys rotate --promote ${keyId}`);
}

function algorithmOf(given: string | undefined, keys: readonly TrustedKey[]): KeyAlgorithm {
  if (given === 'ed25519' || given === 'hmac-sha256') return given;
  if (given !== undefined)
    throw new TamiyoError('OPTION_INVALID', `--algorithm takes ed25519 or hmac-sha256, got ${given}`);
  return keys.find((key) => key.state === 'current')?.material.algorithm ?? 'ed25519';
}

/** True when the folder had to be made. */
async function ensureRing(folder: string): Promise<boolean> {
  try {
    await stat(join(folder, 'keys.json'));
    return false;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await createKeyFolder(folder);
    return true;
  }
}
