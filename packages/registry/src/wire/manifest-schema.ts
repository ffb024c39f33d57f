import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import { BUNDLE_LIMITS, type BundleManifest, TABLE_NAMES } from '../core/bundle/manifest.js';
import type { RegistryRefusal } from '../errors.js';
import { jsonOf } from './strict-json.js';

const name = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.int().min(0);
const fraction = z.number().min(0).max(1);

const manifestSchema = z.strictObject({
  format: z.literal(1),
  policyId: name,
  policyVersion: z.int().min(1),
  architecture: name,
  contract: name,
  dims: z.record(name, z.int().min(1).max(65_536)),
  actionChoice: z.enum(['argmax', 'sampled']),
  actions: z.array(name).min(1).max(1024),
  origin: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('untrained'),
      seed: whole,
      actionPrior: z.record(name, fraction),
      note: z.string().max(1024),
    }),
    z.strictObject({ kind: z.literal('trained'), source: z.string().min(1).max(1024) }),
  ]),
  tables: z.partialRecord(z.enum(TABLE_NAMES), digest),
  tableEntryCounts: z.partialRecord(z.enum(TABLE_NAMES), whole).optional(),
  createdAtMs: whole,
  expiresAtMs: whole.optional(),
  files: z.record(name, z.strictObject({ sha256: digest, bytes: whole })),
});

const invalid = (message: string): Result<never, RegistryRefusal> => err({ code: 'BUNDLE_MANIFEST_INVALID', message });

/** The manifest in the bytes of its file, or what is wrong with it, by field. Call it only with bytes whose signature holds. */
export function parseManifest(bytes: Uint8Array): Result<BundleManifest, RegistryRefusal> {
  const json = jsonOf(bytes);
  if (!json.ok) return invalid(`manifest.json ${json.error}`);
  const format = (json.value as { format?: unknown } | null)?.format;
  if (format !== 1)
    return err({
      code: 'BUNDLE_FORMAT_UNKNOWN',
      message: `manifest.json has format ${String(format).slice(0, 20)}, this version reads 1`,
    });
  const parsed = manifestSchema.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return invalid(`manifest.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  if (Object.keys(parsed.data.files).length > BUNDLE_LIMITS.filesMax)
    return invalid(`manifest.json names more than ${BUNDLE_LIMITS.filesMax} files`);
  return ok(parsed.data as BundleManifest);
}

/** The bytes of a manifest's file. Throws when the value is no manifest: a bug at the maker. */
export function manifestBytes(manifest: BundleManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`);
}
