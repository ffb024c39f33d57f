/** Where the recordings of one name stand: a file of lines, or a folder. Paths are tried in order. */
export type VectorPlace =
  | { readonly kind: 'lines'; readonly paths: readonly string[] }
  | { readonly kind: 'folder'; readonly paths: readonly string[] }
  /** Published vectors of others, with no behaviour of the prototype to compare with; `test` holds ours against them. */
  | { readonly kind: 'published'; readonly paths: readonly string[]; readonly test: string };

const lines = (...paths: readonly string[]): VectorPlace => ({ kind: 'lines', paths });
const folder = (...paths: readonly string[]): VectorPlace => ({ kind: 'folder', paths });
const published = (path: string, test: string): VectorPlace => ({ kind: 'published', paths: [path], test });

/**
 * Every kind of recording that is known, by name. The policy's files may also stand at the top. A name whose file is absent is
 * skipped and said so.
 */
export const VECTOR_FILES: Readonly<Record<string, VectorPlace>> = {
  golden: folder('golden'),
  'risk-single': lines('risk-single.jsonl'),
  'risk-sequences': lines('risk-sequences.jsonl'),
  'service-sequences': lines('service-sequences.jsonl'),
  breaker: lines('breaker.jsonl'),
  'priority-health': lines('priority-health.jsonl'),
  'field-report-outcome': lines('field-report-outcome.jsonl'),
  'observation-windows': lines('observation-windows.jsonl'),
  sidecars: lines('sidecars.jsonl'),
  verifier: lines('verifier.jsonl'),
  'registry-digest': lines('registry-digest.jsonl'),
  wal: folder('wal'),
  'gnn-cases': folder('policy', '.'),
  'graph-builder-cases': lines('policy/graph-builder-cases.jsonl', 'graph-builder-cases.jsonl'),
  'decision-cases': lines('policy/decision-cases.jsonl', 'decision-cases.jsonl'),
  wycheproof: published('wycheproof', 'packages/command-verifier/test/adapters/published-vectors.test.ts'),
  oms: published('oms', 'packages/registry/test/oms.test.ts'),
};
