import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BlueprintDescriptor } from '@esper/leyline';
import { RegistryError } from '../errors.js';
import type { SignatureCheck } from '../ports.js';
import { catalogueBytes, parseCatalogue } from '../wire/catalogue-file.js';
import { replaceFile } from './durable-file.js';
import { sha256 } from './sha256.js';

/** Blueprints a policy compares at most. */
const CANDIDATES_MAX = 8;
const CATALOGUE_BYTES_MAX = 64 << 20;

/** The blueprint library on the embedded default: a file, read and checked once. */
export interface FileCatalogue {
  /** The first eight that are not quarantined, in catalogue order. */
  candidates(): Promise<readonly BlueprintDescriptor[]>;
  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined>;
  knownIds(): ReadonlySet<string>;
}

/** Reads and checks a catalogue file; `signature` checks the entries' signatures. Rejects with `CATALOGUE_MISSING`, `CATALOGUE_INVALID` or `CATALOGUE_DIGEST_MISMATCH`. */
export async function openFileCatalogue(path: string, signature?: SignatureCheck): Promise<FileCatalogue> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new RegistryError('CATALOGUE_MISSING', `cannot read the blueprint catalogue ${path}`, { cause });
  });
  if (bytes.length > CATALOGUE_BYTES_MAX)
    throw new RegistryError('CATALOGUE_INVALID', `${path} has ${bytes.length} bytes, at most ${CATALOGUE_BYTES_MAX}`);
  const parsed = parseCatalogue(bytes, signature === undefined ? { sha256 } : { sha256, signature });
  if (!parsed.ok) throw new RegistryError(parsed.error.code, `${path}: ${parsed.error.message}`);
  return fileCatalogue(parsed.value);
}

/** A catalogue of blueprints that are in memory, in the given order. */
export function fileCatalogue(blueprints: readonly BlueprintDescriptor[]): FileCatalogue {
  const byId = new Map(blueprints.map((blueprint) => [blueprint.blueprintId, blueprint]));
  const ids: ReadonlySet<string> = new Set(byId.keys());
  const candidates = blueprints.filter((blueprint) => !blueprint.quarantineOnly).slice(0, CANDIDATES_MAX);
  return {
    candidates: async () => candidates,
    lookup: async (blueprintId) => byId.get(blueprintId),
    knownIds: () => ids,
  };
}

/** Writes a catalogue file, whole or not at all. Resolved means durable. */
export async function writeCatalogue(
  path: string,
  blueprints: readonly BlueprintDescriptor[],
  sign?: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, catalogueBytes(blueprints, sha256, sign));
}
