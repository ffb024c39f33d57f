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
  TABLES_FILE,
  type TableName,
} from './core/bundle/manifest.js';
export {
  HISTORY_ACTIONS,
  type HistoryAction,
  type HistoryEntry,
  type HistoryNote,
} from './core/history/history-entry.js';
export {
  FRESH_STATE,
  foldHistory,
  mayFollow,
  type PolicyStanding,
  type PolicyState,
} from './core/history/policy-state.js';
export { checkTables, describeTables, type NameTables, type TablesToCheck } from './core/tables/check-tables.js';
export { admitName, indexOf, type NameTable, namesOf, nameTable, register } from './core/tables/name-table.js';
export { type EntryDifference, tableDifferences } from './core/tables/table-diff.js';
export { tableDigest } from './core/tables/table-digest.js';
export { TABLE_SPECS, type TableSpec } from './core/tables/table-specs.js';
export {
  rejectedEvent,
  UPDATE_EVENTS,
  UPDATE_REJECTIONS,
  type UpdateEvent,
  type UpdateRejection,
  updateRejection,
} from './core/update-event.js';
export { REGISTRY_ERRORS, RegistryError, type RegistryErrorCode, type RegistryRefusal } from './errors.js';
export type { BundleSource, PolicyStoreFiles, Sha256, SignatureCheck } from './ports.js';
export {
  type BlueprintLibrary,
  type CachedCatalogue,
  type CacheLimits,
  type CacheStats,
  cachedCatalogue,
} from './shell/cached-catalogue.js';
export { type LiveSlot, liveSlot, type Replaced } from './shell/live-slot.js';
export { type BundleChecks, loadBundle, type VerifiedBundle } from './shell/load-bundle.js';
export { memoryBundle } from './shell/memory-bundle.js';
export {
  downgradeStatement,
  openPolicyStore,
  PolicyStore,
  type PolicyStoreLimits,
  type PolicyStorePorts,
  type PolicyToRun,
} from './shell/policy-store.js';
export type { HistoryFound } from './shell/read-history.js';
export { type RollBackPorts, rollBackPolicy } from './shell/roll-back-policy.js';
export type { KeeperStats, OfferedName } from './shell/table-keeper.js';
export {
  type PolicyCandidate,
  type ShadowReport,
  UPDATE_STEPS,
  type UpdateApplied,
  type UpdatePorts,
  type UpdateStep,
  type UpdateWish,
  updatePolicy,
} from './shell/update-policy.js';
export { packBundle, unpackBundle } from './wire/bundle-archive.js';
export { BLUEPRINTS_MAX, type CatalogueChecks, catalogueBytes, parseCatalogue } from './wire/catalogue-file.js';
export { manifestBytes, parseManifest } from './wire/manifest-schema.js';
export {
  type OmsChecks,
  type OmsSignatureCheck,
  type OmsSigner,
  type OmsVerified,
  verifyOms,
} from './wire/oms-bundle.js';
export { parseTable, tableText } from './wire/table-file.js';
export { parseTablesFile, tablesFileBytes } from './wire/tables-file.js';
