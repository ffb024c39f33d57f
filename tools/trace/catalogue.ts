/** One row of `docs/requirements.md`. */
export interface CatalogueRow {
  readonly id: string;
  readonly requirement: string;
  /** `open`, `proven`, or `out: <why>`. */
  readonly state: string;
}

/** A test as far as tracing goes. */
export interface TracedTest {
  readonly title: string;
  readonly file: string;
  readonly passed: boolean;
}

export interface TraceReport {
  readonly ids: number;
  readonly proven: number;
  /** In scope, and no passing test names them. */
  readonly missing: readonly string[];
}

const ID = /\b(?:DP|TM|AW|PB|BL|DG|RE|CM|SV|TL|RT|FR|WA|OW|RI|RG|PU|BM|CF|CLI|PF|RB|FF|TA|G|W-D|P-D|D)-?\d+[a-z]?\b/g;
const IDS_PER_TITLE_MAX = 2;
const ROW = /^\| ([A-Z][A-Z-]*-?\d+[a-z]?) \| (.*?) \| (.*?) \| (.*?) \|$/;

/** The ids a title names. A title that names more than two claims too much and proves nothing. */
export function idsOf(title: string): readonly string[] {
  const ids = [...new Set(title.match(ID) ?? [])];
  return ids.length <= IDS_PER_TITLE_MAX ? ids : [];
}

/** The rows of the catalogue page. */
export function parseCatalogue(page: string): readonly CatalogueRow[] {
  return page.split('\n').flatMap((line) => {
    const match = ROW.exec(line);
    return match === null ? [] : [{ id: match[1] ?? '', requirement: match[2] ?? '', state: match[3] ?? '' }];
  });
}

/** Id → files whose passing tests name it. */
export function proofs(tests: readonly TracedTest[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const test of tests) {
    if (!test.passed) continue;
    for (const id of idsOf(test.title)) found.set(id, (found.get(id) ?? new Set()).add(test.file));
  }
  return new Map([...found].map(([id, files]) => [id, [...files].sort()]));
}

const isOut = (state: string): boolean => state.startsWith('out');

/** The page with its state and proof columns filled in. Rows that are out keep their reason. */
export function fillCatalogue(page: string, proven: ReadonlyMap<string, readonly string[]>): string {
  return page
    .split('\n')
    .map((line) => {
      const match = ROW.exec(line);
      if (match === null) return line;
      const [, id = '', requirement = '', state = ''] = match;
      const files = proven.get(id) ?? [];
      const next = isOut(state) ? state : files.length > 0 ? 'proven' : 'open';
      return `| ${id} | ${requirement} | ${next} | ${files.map((file) => `\`${file}\``).join(', ')} |`;
    })
    .join('\n');
}

/** What is proven and what is missing, over the rows that are in scope. */
export function traceReport(
  rows: readonly CatalogueRow[],
  proven: ReadonlyMap<string, readonly string[]>,
): TraceReport {
  const inScope = rows.filter((row) => !isOut(row.state));
  const missing = inScope.filter((row) => !proven.has(row.id)).map((row) => row.id);
  return { ids: inScope.length, proven: inScope.length - missing.length, missing };
}
