/** A new policy from whoever trains it (Simic). The payload is a signed policy bundle, never code. */
export interface PolicyUpdate {
  readonly version: 1;
  readonly policyId: string;
  readonly trainingRunId: string;
  /** For example `tamiyo_gnn_v1`. Never empty. */
  readonly architectureVersion: string;
  /** Strictly rising. */
  readonly policyVersion: number;
  readonly issuedAtMs: number;
  /** Bytes of the bundle archive; empty for an update of metadata alone, which is checked like any other. */
  readonly payload: Uint8Array;
  /** SHA-256 of `payload`, lower-case hex. */
  readonly payloadDigest: string;
}
