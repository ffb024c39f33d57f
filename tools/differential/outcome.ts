/** What comparing one recorded case with ours has shown. Packages declare the same shape for themselves. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  /** Ids of the deviations that show, joined by `+`. */
  | { readonly kind: 'explained'; readonly deviation: string }
  | { readonly kind: 'unexplained'; readonly detail: string };

/** A folder of vectors, read by path below it. */
export interface VectorFolder {
  /** Names directly below, sorted. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** The bytes of a file below, or `undefined` when there is none of that path. */
  read(path: string): Uint8Array | undefined;
}

/** One outcome per recorded result of a line; a line that holds one result may give it bare. */
type Outcomes = VectorOutcome | readonly VectorOutcome[] | Promise<VectorOutcome> | Promise<readonly VectorOutcome[]>;
export type LineRunner = (line: unknown) => Outcomes;
export type FolderRunner = (folder: VectorFolder) => Outcomes;

/** One deliberate difference, as the package that makes it describes it. */
export interface Deviation {
  readonly id: string;
  readonly rule: string;
  readonly why?: string;
  /** Which input it shows on, and what the expected value is computed from. */
  readonly recognisedBy?: string;
}

/** What a package's `testing` entry may export for the comparison. */
export interface VectorExports {
  readonly vectorRunners?: Readonly<Record<string, LineRunner>>;
  readonly folderRunners?: Readonly<Record<string, FolderRunner>>;
  /** As a list, or as rules by id. */
  readonly deviations?: readonly Deviation[] | Readonly<Record<string, string>>;
}
