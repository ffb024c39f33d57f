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
