/** Reads one file of a bundle. */
export interface BundleSource {
  /** The bytes, or `undefined` when there is no such file. Rejects when it cannot be read or is longer than `bytesMax`. */
  read(name: string, bytesMax: number): Promise<Uint8Array | undefined>;
  /** Names of all files that are there, for messages. Absent where there is no way to list them. */
  names?(): Promise<readonly string[]>;
  /** Where it is, for messages. */
  readonly location: string;
}

/** Checks a detached signature over the raw bytes of a manifest; the algorithm belongs to the key. */
export type SignatureCheck = (manifest: Uint8Array, signature: Uint8Array) => boolean;

/** SHA-256, lower-case hex. */
export type Sha256 = (bytes: Uint8Array) => string;

/** Where a store keeps things. Each write says what its resolved promise means. */
export interface PolicyStoreFiles {
  readonly location: string;
  /** The bytes of the history; empty when there is none. */
  readHistory(): Promise<Uint8Array>;
  /** Durable when resolved. */
  appendHistory(line: Uint8Array): Promise<void>;
  /** Cuts the history to its first `bytes`; durable when resolved. */
  cutHistory(bytes: number): Promise<void>;
  /** Removes every kept bundle but these, and what unfinished writes have left. */
  keepOnly(digests: ReadonlySet<string>): Promise<void>;
  /** Keeps the files of a bundle, whole or not at all; durable when resolved. One that is there already is replaced. */
  keepBundle(digest: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  bundle(digest: string): BundleSource;
}
