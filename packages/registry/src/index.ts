export {
  BUNDLE_LIMITS,
  type BundleDims,
  type BundleFile,
  type BundleManifest,
  GOLDEN_FILE,
  MANIFEST_FILE,
  MODEL_FILE,
  type PolicyOrigin,
  SIGNATURE_FILE,
  TABLE_NAMES,
  type TableName,
} from './core/bundle/manifest.js';
export { REGISTRY_ERRORS, RegistryError, type RegistryErrorCode, type RegistryRefusal } from './errors.js';
export type { BundleSource, Sha256, SignatureCheck } from './ports.js';
export { type BundleChecks, loadBundle, type VerifiedBundle } from './shell/load-bundle.js';
export { BLUEPRINTS_MAX, catalogueBytes, parseCatalogue } from './wire/catalogue-file.js';
export { manifestBytes, parseManifest } from './wire/manifest-schema.js';
