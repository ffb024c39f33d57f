import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import type { RegistryRefusal } from '../errors.js';
import type { Sha256 } from '../ports.js';
import { jsonOf } from './strict-json.js';

/** Who vouches for a signature: a bare key by its hint, or a certificate with its chain, leaf first, DER. */
export type OmsSigner =
  | { readonly kind: 'key'; readonly hint: string }
  | { readonly kind: 'certificate'; readonly chain: readonly Uint8Array[] };

/** Checks a signature over the envelope's pre-authentication bytes; decides whether the signer is trusted. */
export type OmsSignatureCheck = (signer: OmsSigner, message: Uint8Array, signature: Uint8Array) => boolean;

export interface OmsChecks {
  readonly sha256: Sha256;
  readonly signature: OmsSignatureCheck;
  /** The files that are there: name to SHA-256, lower-case hex. */
  readonly files: ReadonlyMap<string, string>;
}

/** What a verified bundle covers: name to SHA-256 of each file. */
export interface OmsVerified {
  readonly resources: ReadonlyMap<string, string>;
}

const BUNDLE_BYTES_MAX = 16 << 20;
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const der = z.object({ rawBytes: z.base64().min(4) });
const bundleSchema = z.object({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.bundle(\.v\d\.\d\+json|\+json;version=\d\.\d)$/),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string().min(1).max(256) }).optional(),
    certificate: der.optional(),
    x509CertificateChain: z.object({ certificates: z.array(der).min(1).max(16) }).optional(),
    tlogEntries: z.array(z.unknown()),
  }),
  dsseEnvelope: z.object({
    payload: z.base64().min(4),
    payloadType: z.literal(PAYLOAD_TYPE),
    signatures: z.array(z.object({ sig: z.base64().min(4) })).length(1),
  }),
});
const statementSchema = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.object({ digest: z.object({ sha256: digest }) })).length(1),
  predicateType: z.literal('https://model_signing/signature/v1.0'),
  predicate: z.object({
    serialization: z.object({ method: z.literal('files'), hash_type: z.literal('sha256') }),
    resources: z
      .array(z.object({ name: z.string().min(1).max(4096), algorithm: z.literal('sha256'), digest }))
      .min(1)
      .max(65_536),
  }),
});
type Bundle = z.infer<typeof bundleSchema>;

const refuse = (code: RegistryRefusal['code'], message: string): Result<never, RegistryRefusal> =>
  err({ code, message: `the model signature ${message}` });

/**
 * Verifies an OpenSSF Model Signing bundle (v1.0, files, SHA-256) by bare key or certificate: form, signature over the raw
 * payload, statement, digest of the whole, then every file, in this order. Files that the bundle does not name are refused.
 * Transparency logs and keyless identities are not checked here: the signer's trust is the caller's `signature`.
 */
export function verifyOms(bytes: Uint8Array, checks: OmsChecks): Result<OmsVerified, RegistryRefusal> {
  const bundle = parsed(bytes, bundleSchema);
  if (!bundle.ok) return bundle;
  const signer = signerOf(bundle.value);
  if (signer === undefined) return refuse('OMS_INVALID', 'names no key and no certificate, or both');
  const payload = fromBase64(bundle.value.dsseEnvelope.payload);
  const signature = fromBase64(bundle.value.dsseEnvelope.signatures[0]?.sig ?? '');
  if (!checks.signature(signer, preAuthentication(payload), signature)) {
    return refuse('OMS_SIGNATURE_INVALID', 'does not hold under any trusted key');
  }
  const statement = parsed(payload, statementSchema);
  if (!statement.ok) return statement;
  const { resources } = statement.value.predicate;
  const named = new Map(resources.map(({ name, digest: sha256 }) => [name, sha256]));
  if (named.size !== resources.length) return refuse('OMS_INVALID', 'names a file twice');
  const whole = checks.sha256(Uint8Array.from(resources.flatMap((one) => [...fromHex(one.digest)])));
  if (whole !== statement.value.subject[0]?.digest.sha256)
    return refuse('OMS_INVALID', 'has another digest than its files');
  return compared(named, checks.files);
}

function compared(
  named: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
): Result<OmsVerified, RegistryRefusal> {
  for (const [name, expected] of named) {
    const found = files.get(name);
    if (found === undefined) return refuse('OMS_FILES_DIFFER', `covers ${name}, which is not there`);
    if (found !== expected) return refuse('OMS_FILES_DIFFER', `gives ${name} SHA-256 ${expected}, found ${found}`);
  }
  const stray = [...files.keys()].find((name) => !named.has(name));
  return stray === undefined ? ok({ resources: named }) : refuse('OMS_FILES_DIFFER', `does not cover ${stray}`);
}

function parsed<T>(bytes: Uint8Array, schema: z.ZodType<T>): Result<T, RegistryRefusal> {
  if (bytes.byteLength > BUNDLE_BYTES_MAX)
    return refuse('OMS_INVALID', `has ${bytes.byteLength} bytes, at most ${BUNDLE_BYTES_MAX}`);
  const json = jsonOf(bytes);
  if (!json.ok) return refuse('OMS_INVALID', json.error);
  const value = schema.safeParse(json.value);
  if (value.success) return ok(value.data);
  const issue = value.error.issues[0];
  return refuse('OMS_INVALID', `is not of its form: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function signerOf({ verificationMaterial: material }: Bundle): OmsSigner | undefined {
  const certificates =
    material.x509CertificateChain?.certificates ?? (material.certificate ? [material.certificate] : []);
  if ((material.publicKey === undefined) === (certificates.length === 0)) return undefined;
  if (material.publicKey !== undefined) return { kind: 'key', hint: material.publicKey.hint };
  return { kind: 'certificate', chain: certificates.map(({ rawBytes }) => fromBase64(rawBytes)) };
}

/** DSSE: what is signed is the type and the payload with their lengths, not the payload alone. */
function preAuthentication(payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.byteLength} `);
  const bytes = new Uint8Array(head.byteLength + payload.byteLength);
  bytes.set(head);
  bytes.set(payload, head.byteLength);
  return bytes;
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
