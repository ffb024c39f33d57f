/** Sizes of a network, by name; the policy package knows what they mean. */
export type BundleDims = Readonly<Record<string, number>>;

/** A file of the bundle. */
export interface BundleFile {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Where the weights come from. An untrained policy says so, with what it proposes instead. */
export type PolicyOrigin =
  | {
      readonly kind: 'untrained';
      readonly seed: number;
      readonly actionPrior: Readonly<Record<string, number>>;
      readonly note: string;
    }
  | { readonly kind: 'trained'; readonly source: string };

/** The seven name tables a policy was made with. */
export const TABLE_NAMES = [
  'seed',
  'blueprint',
  'schedule',
  'layer_type',
  'activation_type',
  'optimizer_family',
  'hazard_class',
] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** Everything a bundle says about itself. What is signed is the bytes of this, as they stand in the file. */
export interface BundleManifest {
  readonly format: 1;
  readonly policyId: string;
  /** Strictly rising from bundle to bundle. */
  readonly policyVersion: number;
  /** For example `tamiyo_gnn_v1`. */
  readonly architecture: string;
  /** Name of the model's input and output contract. */
  readonly contract: string;
  readonly dims: BundleDims;
  /** `sampled` for networks that have learnt nothing: the action is a replayable draw from the stated distribution. */
  readonly actionChoice: 'argmax' | 'sampled';
  /** The actions that have a meaning, by class index; classes beyond are masked. */
  readonly actions: readonly string[];
  readonly origin: PolicyOrigin;
  /** Digest of each name table; absent where the bundle does not depend on the table's content. */
  readonly tables: Readonly<Partial<Record<TableName, string>>>;
  /** How many entries each of those tables had: a table that has only grown since still fits. Absent: it must be equal. */
  readonly tableEntryCounts?: Readonly<Partial<Record<TableName, number>>>;
  readonly createdAtMs: number;
  /** After it the policy is a risk signal, not an outage. */
  readonly expiresAtMs?: number;
  readonly files: Readonly<Record<string, BundleFile>>;
}

export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'manifest.sig';
export const MODEL_FILE = 'policy.onnx';
export const GOLDEN_FILE = 'golden.json';
/** Optional: the entries of the seven tables, so that a mismatch can be shown entry by entry. */
export const TABLES_FILE = 'tables.json';
/** Largest size of each file, in bytes. */
export const BUNDLE_LIMITS = Object.freeze({
  manifestBytesMax: 1 << 20,
  signatureBytesMax: 4096,
  fileBytesMax: 512 << 20,
  filesMax: 64,
});
