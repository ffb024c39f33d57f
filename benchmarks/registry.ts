import {
  checkTables,
  describeTables,
  loadBundle,
  manifestBytes,
  memoryBundle,
  type NameTables,
  nameTable,
  TABLE_NAMES,
  TABLE_SPECS,
  tableDigest,
} from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { SeededRandom } from '@esper/testkit';
import { type DrillFlags, type DrillOutcome, runDrill } from '../tools/drill/drill.ts';

/** What digests cost (RG-16): of full name tables, with and without the cache, and of a whole bundle. */
const MODEL_BYTES = 2 << 20;
const TIMES = 200;
const CACHED_TIMES = 200_000;
/** Beside bare SHA-256 of the same bytes: the rest is reading and comparing. */
const BUNDLE_RATIO_MAX = 1.5;
const CACHED_MICROS_MAX = 50;

/** All seven tables, full, with names as long as those of blueprints. */
function fullTables(): NameTables {
  const full = TABLE_NAMES.map((table) => {
    const { capacity, seeded } = TABLE_SPECS[table];
    const more = Array.from({ length: capacity - 1 - seeded.length }, (_, at) => `${table}-blueprint-candidate-${at}`);
    return [table, nameTable(capacity, [...seeded, ...more])] as const;
  });
  return Object.fromEntries(full) as NameTables;
}

/** Median of `times` runs, in microseconds. */
function medianMicros(times: number, work: () => unknown): number {
  const took = Array.from({ length: times }, () => {
    const from = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - from) / 1000;
  });
  return took.sort((a, b) => a - b)[times >> 1] ?? Number.NaN;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

function tableCosts() {
  const tables = fullTables();
  const entries = TABLE_NAMES.reduce((sum, name) => sum + tables[name].indexByName.size, 0);
  const bytes = new TextEncoder().encode(JSON.stringify(TABLE_NAMES.map((name) => [...tables[name].indexByName])));
  const manifest = describeTables(tables, sha256);
  const check = () => checkTables({ manifest, tables, pathOf: (name) => name, sha256 });
  const fresh = () => {
    for (const name of TABLE_NAMES) tableDigest({ ...tables[name] }, sha256);
  };
  const uncachedMicros = medianMicros(TIMES, fresh);
  const from = process.hrtime.bigint();
  for (let time = 0; time < CACHED_TIMES; time += 1) check();
  const cachedMicros = Number(process.hrtime.bigint() - from) / 1000 / CACHED_TIMES;
  const bareMicros = medianMicros(TIMES, () => sha256(bytes));
  return { entries, uncachedMicros, cachedMicros, bareMicros };
}

async function bundleCosts(seed: number) {
  const model = new SeededRandom(seed).bytes(MODEL_BYTES);
  const manifest = manifestBytes({
    format: 1,
    policyId: 'bench',
    policyVersion: 1,
    architecture: 'a',
    contract: 'c',
    dims: { a: 1 },
    actionChoice: 'argmax',
    actions: ['pause'],
    origin: { kind: 'trained', source: 'bench' },
    tables: {},
    createdAtMs: 1,
    files: { 'policy.onnx': { sha256: sha256(model), bytes: model.length } },
  });
  const files = new Map([
    ['policy.onnx', model],
    ['manifest.json', manifest],
    ['manifest.sig', new Uint8Array(1)],
  ]);
  const source = memoryBundle(files, 'memory');
  const took: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const from = process.hrtime.bigint();
    const loaded = await loadBundle(source, { sha256, architecture: 'a', signature: () => true });
    took.push(Number(process.hrtime.bigint() - from) / 1e6);
    if (!loaded.ok) throw new Error(loaded.error.message);
  }
  const ms = took.sort((a, b) => a - b)[TIMES >> 1] ?? Number.NaN;
  return { ms, ratioToBare: (ms * 1000) / medianMicros(TIMES, () => sha256(model)) };
}

await runDrill(
  { name: 'bench registry', defaultBudgetMs: 20_000 },
  async ({ seed, assert }: DrillFlags): Promise<DrillOutcome> => {
    const tables = tableCosts();
    const bundle = await bundleCosts(seed);
    const json = {
      tables: {
        entries: tables.entries,
        uncachedMicros: rounded(tables.uncachedMicros),
        cachedMicros: rounded(tables.cachedMicros),
        bareSha256Micros: rounded(tables.bareMicros),
      },
      bundle: { bytes: MODEL_BYTES, verifyMs: rounded(bundle.ms), ratioToBare: rounded(bundle.ratioToBare) },
    };
    const failures = assert
      ? [
          ...(bundle.ratioToBare > BUNDLE_RATIO_MAX ? [`a bundle costs ${bundle.ratioToBare} times bare SHA-256`] : []),
          ...(tables.cachedMicros > CACHED_MICROS_MAX ? [`cached digests cost ${tables.cachedMicros} µs`] : []),
        ]
      : [];
    return { json, failures };
  },
);
