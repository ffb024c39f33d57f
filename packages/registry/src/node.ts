export { type BundleToWrite, bundleFolder, writeBundle } from './adapters/bundle-folder.js';
export { type FileCatalogue, openFileCatalogue, writeCatalogue } from './adapters/file-catalogue.js';
export { type NameTableFolder, type NameTableOptions, openNameTables } from './adapters/name-table-folder.js';
export { omsCertificateCheck, omsKeyCheck } from './adapters/oms-signature.js';
export {
  keptBundle,
  type PolicyStoreFolder,
  policyStoreFolder,
  readPolicyHistory,
} from './adapters/policy-store-folder.js';
export { sha256 } from './adapters/sha256.js';
export { inspectNameTables, readNameTables, restoreNameTables, type TableFinding } from './adapters/table-files.js';
export { openUrzaCatalogue, type UrzaCatalogue, type UrzaOptions } from './adapters/urza-catalogue.js';
export type { SheetCheck } from './wire/urza-row.js';
