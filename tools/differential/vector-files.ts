/** Where the recordings of one name stand: a file of lines, or a folder. Paths are tried in order. */
export type VectorPlace =
  | { readonly kind: 'lines'; readonly paths: readonly string[] }
  | { readonly kind: 'folder'; readonly paths: readonly string[] };

const lines = (...paths: readonly string[]): VectorPlace => ({ kind: 'lines', paths });
const folder = (...paths: readonly string[]): VectorPlace => ({ kind: 'folder', paths });

/**
 * Every kind of recording that is known, by name. The policy's files may also stand at the top. A name whose runner does
 * not exist is skipped and said so; a name whose file is absent is skipped too.
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
  wycheproof: folder('wycheproof'),
  oms: folder('oms'),
};
