import { err, ok, type Result } from '@esper/std';
import { BUNDLE_LIMITS, type BundleManifest, MANIFEST_FILE, SIGNATURE_FILE } from '../core/bundle/manifest.js';
import type { RegistryRefusal } from '../errors.js';
import type { BundleSource, Sha256, SignatureCheck } from '../ports.js';
import { parseManifest } from '../wire/manifest-schema.js';
import { checkedFiles, readBounded } from './checked-files.js';

/** A bundle whose every byte has been checked. The files are the checked bytes themselves: nothing is opened again. */
export interface VerifiedBundle {
  readonly manifest: BundleManifest;
  /** SHA-256 of the manifest's bytes, hex: the identity of the bundle. */
  readonly digest: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Manifest and signature as they were read, for whoever keeps a copy: written anew they would not verify. */
  readonly signed: { readonly manifest: Uint8Array; readonly signature: Uint8Array };
}

export interface BundleChecks {
  readonly sha256: Sha256;
  readonly signature: SignatureCheck;
  /** The architecture this host runs. */
  readonly architecture: string;
  /** The contract of inputs and outputs this host speaks. Absent: any. */
  readonly contract?: string;
}

type Loaded<T> = Result<T, RegistryRefusal>;
const refuse = (code: RegistryRefusal['code'], message: string): Loaded<never> => err({ code, message });

/**
 * Loads a bundle, in this order: manifest bytes, signature over them, manifest, architecture, then each file against its
 * digest. Refusals name the file, what was expected and what was found. A file that cannot be read
 * is refused too.
 */
export async function loadBundle(source: BundleSource, checks: BundleChecks): Promise<Loaded<VerifiedBundle>> {
  const manifest = await signedManifest(source, checks);
  if (!manifest.ok) return manifest;
  const { value, digest, signed } = manifest.value;
  if (value.architecture !== checks.architecture) {
    return refuse(
      'BUNDLE_ARCHITECTURE_MISMATCH',
      `${source.location}: the policy is ${value.architecture}, this host runs ${checks.architecture}`,
    );
  }
  if (checks.contract !== undefined && value.contract !== checks.contract) {
    return refuse(
      'BUNDLE_CONTRACT_MISMATCH',
      `${source.location}: the model speaks ${value.contract}, this host speaks ${checks.contract}`,
    );
  }
  const files = await checkedFiles(source, value.files, checks.sha256);
  return files.ok ? ok({ manifest: value, digest, files: files.value, signed }) : files;
}

async function signedManifest(
  source: BundleSource,
  checks: BundleChecks,
): Promise<Loaded<{ value: BundleManifest; digest: string; signed: VerifiedBundle['signed'] }>> {
  const manifestFile = await readBounded(source, MANIFEST_FILE, BUNDLE_LIMITS.manifestBytesMax);
  if (!manifestFile.ok) return manifestFile;
  const bytes = manifestFile.value;
  if (bytes === undefined) return refuse('BUNDLE_FILE_MISSING', `${source.location}: there is no ${MANIFEST_FILE}`);
  const signatureFile = await readBounded(source, SIGNATURE_FILE, BUNDLE_LIMITS.signatureBytesMax);
  if (!signatureFile.ok) return signatureFile;
  const signature = signatureFile.value;
  if (signature === undefined)
    return refuse('BUNDLE_SIGNATURE_MISSING', `${source.location}: there is no ${SIGNATURE_FILE}`);
  if (!checks.signature(bytes, signature)) {
    return refuse(
      'BUNDLE_SIGNATURE_INVALID',
      `${source.location}: ${SIGNATURE_FILE} does not fit ${MANIFEST_FILE} under any trusted key`,
    );
  }
  const manifest = parseManifest(bytes);
  if (!manifest.ok) return manifest;
  return ok({ value: manifest.value, digest: checks.sha256(bytes), signed: { manifest: bytes, signature } });
}
