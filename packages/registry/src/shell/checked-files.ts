import { err, ok, type Result } from '@esper/std';
import { BUNDLE_LIMITS, type BundleFile, MANIFEST_FILE, SIGNATURE_FILE } from '../core/bundle/manifest.js';
import { RegistryError, type RegistryErrorCode, type RegistryRefusal } from '../errors.js';
import type { BundleSource, Sha256 } from '../ports.js';

type Loaded<T> = Result<T, RegistryRefusal>;
const refuse = (code: RegistryRefusal['code'], message: string): Loaded<never> => err({ code, message });

/** What a source says of a file that is there; anything else it rejects with is our own fault. */
const REFUSALS: ReadonlySet<string> = new Set<RegistryErrorCode>(['BUNDLE_FILE_TOO_LARGE', 'BUNDLE_UNREADABLE']);

/** A file that is too long or cannot be read is a refusal like any other: the policy in force stays, and another may be tried. */
export async function readBounded(
  source: BundleSource,
  name: string,
  bytesMax: number,
): Promise<Loaded<Uint8Array | undefined>> {
  try {
    return ok(await source.read(name, bytesMax));
  } catch (cause) {
    if (cause instanceof RegistryError && REFUSALS.has(cause.code)) return refuse(cause.code, cause.message);
    throw cause;
  }
}

/** Every described file, each with its length and digest, or the first that does not hold. */
export async function checkedFiles(
  source: BundleSource,
  described: Readonly<Record<string, BundleFile>>,
  sha256: Sha256,
): Promise<Loaded<ReadonlyMap<string, Uint8Array>>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, expected] of Object.entries(described)) {
    const file = await describedFile(source, name, expected);
    if (!file.ok) return file;
    const found = sha256(file.value);
    const fits = found === expected.sha256 && file.value.length === expected.bytes;
    if (!fits) return differing(source, { described, name, bytes: file.value }, sha256);
    files.set(name, file.value);
  }
  return ok(files);
}

/** The file, when it is there and as long as it should be. */
async function describedFile(source: BundleSource, name: string, expected: BundleFile): Promise<Loaded<Uint8Array>> {
  if (expected.bytes > BUNDLE_LIMITS.fileBytesMax) {
    return refuse(
      'BUNDLE_FILE_TOO_LARGE',
      `${source.location}: ${name} is said to have ${expected.bytes} bytes, at most ${BUNDLE_LIMITS.fileBytesMax}`,
    );
  }
  const file = await readBounded(source, name, BUNDLE_LIMITS.fileBytesMax);
  if (!file.ok) return file;
  if (file.value === undefined) return refuse('BUNDLE_FILE_MISSING', await missing(source, name));
  const { length } = file.value;
  if (length >= expected.bytes) return ok(file.value);
  return refuse(
    'BUNDLE_FILE_TRUNCATED',
    `${source.location}: ${name} has ${length} bytes, the manifest says ${expected.bytes}`,
  );
}

/** Names the files that are there instead: a file that was renamed is soon found by whoever reads this. */
async function missing(source: BundleSource, name: string): Promise<string> {
  const there = (await source.names?.()) ?? [];
  const shown = there.filter((one) => one !== MANIFEST_FILE && one !== SIGNATURE_FILE).slice(0, 5);
  const hint = there.length === 0 ? '' : `; there are: ${shown.join(', ') || 'no other files'}`;
  return `${source.location}: there is no ${name}${hint}`;
}

interface Differing {
  readonly described: Readonly<Record<string, BundleFile>>;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Says in what way a file differs: it is another file of the bundle, it is of another bundle, or it was changed. */
async function differing(
  source: BundleSource,
  { described, name, bytes }: Differing,
  sha256: Sha256,
): Promise<Loaded<never>> {
  const found = sha256(bytes);
  const expected = described[name];
  const other = Object.entries(described).find(([, one]) => one.sha256 === found)?.[0];
  const instead = other === undefined ? '' : `; it is what the manifest calls ${other}`;
  const message = `${source.location}: ${name} has ${bytes.length} bytes and SHA-256 ${found}, the manifest says ${expected?.bytes} and ${expected?.sha256}${instead}`;
  const isForeign = other === undefined && (await nothingFits(source, described, sha256));
  return refuse(isForeign ? 'BUNDLE_MANIFEST_SWAPPED' : 'BUNDLE_DIGEST_MISMATCH', message);
}

/** Of one file alone nobody can tell whether it was changed or the manifest swapped: it takes two. */
async function nothingFits(
  source: BundleSource,
  described: Readonly<Record<string, BundleFile>>,
  sha256: Sha256,
): Promise<boolean> {
  const entries = Object.entries(described);
  for (const [name, expected] of entries) {
    const file = await readBounded(source, name, BUNDLE_LIMITS.fileBytesMax);
    if (file.ok && file.value !== undefined && sha256(file.value) === expected.sha256) return false;
  }
  return entries.length > 1;
}
