import { type BlueprintDescriptor, parseJson, toJson } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import type { RegistryRefusal } from '../errors.js';
import type { Sha256 } from '../ports.js';
import { jsonOf } from './strict-json.js';

/** Blueprints a catalogue may hold. */
export const BLUEPRINTS_MAX = 1024;

const schema = z.strictObject({
  format: z.literal(1),
  blueprints: z
    .array(z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), descriptor: z.string().max(1 << 20) }))
    .max(BLUEPRINTS_MAX),
});

/** The bytes of a catalogue's file: each descriptor as the JSON text of the message, with the digest of that text. */
export function catalogueBytes(blueprints: readonly BlueprintDescriptor[], sha256: Sha256): Uint8Array {
  const entries = blueprints.map((blueprint) => {
    const descriptor = toJson('BlueprintDescriptor', blueprint);
    return { sha256: sha256(new TextEncoder().encode(descriptor)), descriptor };
  });
  return new TextEncoder().encode(`${JSON.stringify({ format: 1, blueprints: entries }, null, 2)}\n`);
}

/** The blueprints of a catalogue's file, in order, each checked against its digest, no id twice. */
export function parseCatalogue(
  bytes: Uint8Array,
  sha256: Sha256,
): Result<readonly BlueprintDescriptor[], RegistryRefusal> {
  const invalid = (message: string): Result<never, RegistryRefusal> =>
    err({ code: 'CATALOGUE_INVALID', message: `the catalogue ${message}` });
  const json = jsonOf(bytes);
  if (!json.ok) return invalid(json.error);
  const parsed = schema.safeParse(json.value);
  if (!parsed.success)
    return invalid(
      `is not of format 1: ${parsed.error.issues[0]?.path.join('.') ?? ''}: ${parsed.error.issues[0]?.message ?? ''}`,
    );
  const blueprints = new Map<string, BlueprintDescriptor>();
  for (const [index, entry] of parsed.data.blueprints.entries()) {
    const blueprint = checkedEntry(entry, index, sha256);
    if (!blueprint.ok) return blueprint;
    const { blueprintId } = blueprint.value;
    if (blueprints.has(blueprintId)) return invalid(`has ${blueprintId} twice`);
    blueprints.set(blueprintId, blueprint.value);
  }
  return ok([...blueprints.values()]);
}

function checkedEntry(
  entry: { readonly sha256: string; readonly descriptor: string },
  index: number,
  sha256: Sha256,
): Result<BlueprintDescriptor, RegistryRefusal> {
  const found = sha256(new TextEncoder().encode(entry.descriptor));
  if (found !== entry.sha256) {
    return err({
      code: 'CATALOGUE_DIGEST_MISMATCH',
      message: `entry ${index} of the catalogue has SHA-256 ${found}, it is said to be ${entry.sha256}`,
    });
  }
  const blueprint = parseJson('BlueprintDescriptor', entry.descriptor);
  if (blueprint.ok) return blueprint;
  const { path, expected, found: what } = blueprint.error;
  return err({
    code: 'CATALOGUE_INVALID',
    message: `entry ${index} of the catalogue: ${path}: expected ${expected}, found ${what}`,
  });
}
