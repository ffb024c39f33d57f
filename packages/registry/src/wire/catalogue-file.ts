import { type BlueprintDescriptor, parseJson, type SafetySheet, toJson } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import type { RegistryRefusal } from '../errors.js';
import type { Sha256, SignatureCheck } from '../ports.js';
import { jsonOf } from './strict-json.js';

/** Blueprints a catalogue may hold. */
export const BLUEPRINTS_MAX = 1024;

const schema = z.strictObject({
  format: z.literal(1),
  blueprints: z
    .array(
      z.strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        descriptor: z.string().max(1 << 20),
        signature: z.base64().max(512).optional(),
      }),
    )
    .max(BLUEPRINTS_MAX),
});

/** What is signed for an entry: its digest, which covers the blueprint with its safety sheet. */
const signedBytes = (sha256: string): Uint8Array => new TextEncoder().encode(`esper.blueprint.v1\n${sha256}\n`);

/** The sheet without what it says about its own signature: only checking can say that. */
const withSheetSignature = (
  blueprint: BlueprintDescriptor,
  signature: SafetySheet['signature'],
): BlueprintDescriptor =>
  blueprint.sheet === undefined ? blueprint : { ...blueprint, sheet: { ...blueprint.sheet, signature } };

/**
 * The bytes of a catalogue's file: each descriptor as the JSON text of the message, with the digest of that text and, when
 * `sign` is given, a signature over that digest.
 */
export function catalogueBytes(
  blueprints: readonly BlueprintDescriptor[],
  sha256: Sha256,
  sign?: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const entries = blueprints.map((blueprint) => {
    const descriptor = toJson('BlueprintDescriptor', withSheetSignature(blueprint, 'unchecked'));
    const digest = sha256(new TextEncoder().encode(descriptor));
    const signature = sign?.(signedBytes(digest));
    return {
      sha256: digest,
      descriptor,
      ...(signature === undefined ? {} : { signature: btoa(String.fromCharCode(...signature)) }),
    };
  });
  return new TextEncoder().encode(`${JSON.stringify({ format: 1, blueprints: entries }, null, 2)}\n`);
}

/** How the entries of a catalogue are checked. */
export interface CatalogueChecks {
  readonly sha256: Sha256;
  /** Checks an entry's signature. Absent: signed sheets are `unchecked`. */
  readonly signature?: SignatureCheck;
}

/**
 * The blueprints of a catalogue's file, in order, each checked against its digest, no id twice. What a sheet says about
 * its signature is what checking it has shown, never what the file says (D-24).
 */
export function parseCatalogue(
  bytes: Uint8Array,
  checks: CatalogueChecks,
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
    const blueprint = checkedEntry(entry, index, checks);
    if (!blueprint.ok) return blueprint;
    const { blueprintId } = blueprint.value;
    if (blueprints.has(blueprintId)) return invalid(`has ${blueprintId} twice`);
    blueprints.set(blueprintId, blueprint.value);
  }
  return ok([...blueprints.values()]);
}

function checkedEntry(
  entry: z.infer<typeof schema>['blueprints'][number],
  index: number,
  checks: CatalogueChecks,
): Result<BlueprintDescriptor, RegistryRefusal> {
  const found = checks.sha256(new TextEncoder().encode(entry.descriptor));
  if (found !== entry.sha256) {
    return err({
      code: 'CATALOGUE_DIGEST_MISMATCH',
      message: `entry ${index} of the catalogue has SHA-256 ${found}, it is said to be ${entry.sha256}`,
    });
  }
  const blueprint = parseJson('BlueprintDescriptor', entry.descriptor);
  if (blueprint.ok) return ok(withSheetSignature(blueprint.value, signatureOf(entry, checks)));
  const { path, expected, found: what } = blueprint.error;
  return err({
    code: 'CATALOGUE_INVALID',
    message: `entry ${index} of the catalogue: ${path}: expected ${expected}, found ${what}`,
  });
}

function signatureOf(
  entry: z.infer<typeof schema>['blueprints'][number],
  checks: CatalogueChecks,
): SafetySheet['signature'] {
  if (entry.signature === undefined) return 'absent';
  if (checks.signature === undefined) return 'unchecked';
  const signature = Uint8Array.from(atob(entry.signature), (char) => char.charCodeAt(0));
  return checks.signature(signedBytes(entry.sha256), signature) ? 'valid' : 'invalid';
}
