import {
  BLUEPRINT_TIERS,
  type BlueprintDescriptor,
  type BlueprintTier,
  HANDLING_CLASSES,
  HAZARD_BANDS,
  parseJson,
  type SafetySheet,
  toJson,
} from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import type { RegistryRefusal } from '../errors.js';
import { canonicalText, type LexemeJson, parseLexemeJson, plainValue } from './lexeme-json.js';
import { present } from './present.js';
import { graphOf, graphOfGuards, graphSchema } from './urza-graph.js';

/** A row of Urza's table `blueprints`. */
export interface UrzaRow {
  readonly blueprint_id: string;
  readonly name: string;
  readonly tier: string;
  readonly metadata_json: string;
}

/** Checks a sheet's detached signature (`bsds_sig`) over the sheet's canonical text. */
export type SheetCheck = (sheet: Uint8Array, signature: { readonly algo: string; readonly sig: string }) => boolean;

const METADATA_CHARS_MAX = 4 << 20;
/** NaN is written as null by the prototype; both mean "not known", which is not zero. */
const risk = z.union([z.number(), z.nan(), z.null()]).transform((value) => value ?? Number.NaN);
const bounds = z.object({ min_value: z.number().default(0), max_value: z.number().default(0) });
const sheetSchema = z.object({
  hazard_band: z.string().optional(),
  handling_class: z.string().optional(),
  risk_score: risk.optional(),
  resource_profile: z.string().max(64).optional(),
  provenance: z.string().max(64).optional(),
  issued_at: z.string().max(64).optional(),
});
const metadataSchema = z.object({
  allowed_parameters: z.record(z.string(), bounds).default({}),
  // A proto3 default is left out when written: an absent risk is zero here, and only here.
  risk: risk.default(0),
  stage: z.int().default(0),
  quarantine_only: z.boolean().default(false),
  approval_required: z.boolean().default(false),
  description: z.string().max(4096).default(''),
});
const extrasSchema = z.object({
  guard_spec: z.array(z.unknown()).max(4096).default([]),
  tags: z.array(z.string().max(256)).max(256).optional(),
  checksum: z.string().optional(),
  bsds_sig: z.object({ algo: z.string(), sig: z.string() }).optional(),
});

/** The blueprint of a row, or what is wrong with it, by field. Never guesses: one bad field refuses the row (BM-11). */
export function blueprintOfRow(row: UrzaRow, checkSheet?: SheetCheck): Result<BlueprintDescriptor, RegistryRefusal> {
  const id = row.blueprint_id;
  try {
    const metadata = objectOf(row.metadata_json, 'metadata_json');
    const extras = metadata.get('_urza');
    const parts = { metadata, extras: extras?.kind === 'object' ? extras.entries : new Map() };
    return checked(descriptor(row, parts, checkSheet), id);
  } catch (cause) {
    if (cause instanceof RowFault) return invalid(id, cause.message);
    if (cause instanceof z.ZodError) {
      const issue = cause.issues[0];
      return invalid(id, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
    }
    throw cause;
  }
}

/** Thrown and caught in this file alone: how a fault deep in a row becomes its refusal. */
class RowFault extends Error {}

const invalid = (id: string, what: string): Result<never, RegistryRefusal> =>
  err({ code: 'CATALOGUE_INVALID', message: `blueprint ${JSON.stringify(id.slice(0, 64))}: ${what}` });

type Entries = ReadonlyMap<string, LexemeJson>;

function objectOf(text: string, what: string): Entries {
  if (text.length > METADATA_CHARS_MAX)
    throw new RowFault(`${what} has ${text.length} characters, at most ${METADATA_CHARS_MAX}`);
  const json = parseLexemeJson(text);
  if (!json.ok) throw new RowFault(`${what} ${json.error}`);
  if (json.value.kind !== 'object') throw new RowFault(`${what} is not an object`);
  return json.value.entries;
}

/** A section that is an object, or the JSON text of one. */
function section(extras: Entries, name: string): LexemeJson | undefined {
  const found = extras.get(name);
  if (found === undefined || (found.kind === 'word' && found.value === null)) return undefined;
  return found.kind === 'string' ? { kind: 'object', entries: objectOf(found.text, name) } : found;
}

function descriptor(
  row: UrzaRow,
  { metadata, extras }: { readonly metadata: Entries; readonly extras: Entries },
  checkSheet: SheetCheck | undefined,
): BlueprintDescriptor {
  const plain = metadataSchema.parse(withoutNulls(metadata));
  const extra = extrasSchema.parse(withoutNulls(extras));
  const wireGraph = section(extras, 'graph_metadata');
  const graph =
    wireGraph === undefined
      ? graphOfGuards(row.blueprint_id, extra.guard_spec.length)
      : graphOf(graphSchema.parse(plainValue(wireGraph)));
  const bsds = section(extras, 'bsds');
  return {
    blueprintId: row.blueprint_id,
    name: row.name,
    tier: tierOf(row.tier),
    risk: plain.risk,
    stage: plain.stage,
    quarantineOnly: plain.quarantine_only,
    approvalRequired: plain.approval_required,
    description: plain.description,
    allowedParameters: Object.fromEntries(
      Object.entries(plain.allowed_parameters).map(([name, { min_value, max_value }]) => [
        name,
        { minValue: min_value, maxValue: max_value },
      ]),
    ),
    ...(graph === undefined ? {} : { graph }),
    ...(bsds === undefined ? {} : { sheet: sheetOf(bsds, extra.bsds_sig, checkSheet) }),
    ...(extra.checksum !== undefined && /^[0-9a-f]{64}$/.test(extra.checksum)
      ? { artifactDigest: extra.checksum }
      : {}),
    ...(extra.tags === undefined ? {} : { tags: extra.tags }),
  };
}

/** Plain values; null sections are absent, except a null risk, which is NaN. */
const withoutNulls = (entries: Entries): Record<string, unknown> =>
  Object.fromEntries(
    [...entries]
      .filter(([key, value]) => key === 'risk' || !(value.kind === 'word' && value.value === null))
      .map(([key, value]) => [key, plainValue(value)]),
  );

function tierOf(text: string): BlueprintTier {
  const name = text.replace(/^BLUEPRINT_TIER_/, '');
  if (name === 'UNSPECIFIED') return 'UNKNOWN';
  if (name in BLUEPRINT_TIERS) return name as BlueprintTier;
  throw new RowFault(`tier ${JSON.stringify(text.slice(0, 40))} is unknown`);
}

/** A sheet as it is: without a risk score it says nothing about risk, instead of saying 0 (D-23). */
function sheetOf(
  bsds: LexemeJson,
  signature: { readonly algo: string; readonly sig: string } | undefined,
  check: SheetCheck | undefined,
): SafetySheet {
  const sheet = sheetSchema.parse(plainValue(bsds));
  const issuedAtMs = Date.parse(sheet.issued_at ?? '');
  return {
    ...present({
      hazardBand: oneOf(HAZARD_BANDS, sheet.hazard_band?.toUpperCase(), 'bsds.hazard_band'),
      handlingClass: oneOf(HANDLING_CLASSES, sheet.handling_class?.toLowerCase(), 'bsds.handling_class'),
      riskScore: sheet.risk_score,
      resourceProfile: sheet.resource_profile,
      provenance: sheet.provenance,
      issuedAtMs: issuedAtMs >= 0 ? issuedAtMs : undefined,
    }),
    signature: signatureOf(bsds, signature, check),
  };
}

/** The member that `text` is; absent for no text; a fault for text that is none of them. */
function oneOf<T extends string>(members: readonly T[], text: string | undefined, what: string): T | undefined {
  const found = members.find((member) => member === text);
  if (text !== undefined && found === undefined) throw new RowFault(`${what} is unknown`);
  return found;
}

/** What checking says, over the very text that was signed (D-24). */
function signatureOf(
  bsds: LexemeJson,
  signature: { readonly algo: string; readonly sig: string } | undefined,
  check: SheetCheck | undefined,
): SafetySheet['signature'] {
  if (signature === undefined) return 'absent';
  if (check === undefined) return 'unchecked';
  return check(new TextEncoder().encode(canonicalText(bsds)), signature) ? 'valid' : 'invalid';
}

/** The limits of the message hold for what a foreign library says too. */
function checked(blueprint: BlueprintDescriptor, id: string): Result<BlueprintDescriptor, RegistryRefusal> {
  const parsed = parseJson('BlueprintDescriptor', toJson('BlueprintDescriptor', blueprint));
  if (parsed.ok) return ok(parsed.value);
  const { path, expected, found } = parsed.error;
  return invalid(id, `${path}: expected ${expected}, found ${found}`);
}
