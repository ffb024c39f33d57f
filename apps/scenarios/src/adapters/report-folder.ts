import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKpis, type KpiComparison } from '../core/compare-kpis.js';
import type { Figure } from '../core/figure.js';
import { standaloneSvg } from '../report/draw.js';
import { htmlReport } from '../report/html-report.js';
import { reportJsonSchema, reportSchema, type ScenarioReport } from '../report/scenario-report.js';
import { summaryCsv } from '../report/summary-csv.js';

const METRICS = '_metrics.json';

/** Writes the metrics file, the page, the schema and the summary of everything in the folder. Resolves with the page's path. */
export async function writeReport(
  folder: string,
  report: ScenarioReport,
  more: { readonly comparison?: readonly KpiComparison[]; readonly figures?: readonly Figure[] } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const page = join(folder, `${report.scenario}.html`);
  await writeFile(join(folder, `${report.scenario}${METRICS}`), `${JSON.stringify(report)}\n`);
  await writeFile(page, htmlReport(report, more));
  for (const [at, figure] of (more.figures ?? []).entries())
    await writeFile(join(folder, `${report.scenario}-${at + 1}.svg`), `${standaloneSvg(figure)}\n`);
  await writeFile(join(folder, 'metrics.schema.json'), `${JSON.stringify(reportJsonSchema(), null, 2)}\n`);
  await writeFile(join(folder, 'summary.csv'), summaryCsv(await readReports(folder)));
  return page;
}

/** The figures of this scenario against those of an earlier report in `folder`; `undefined` when there is none. */
export async function compareWith(
  folder: string,
  report: ScenarioReport,
): Promise<readonly KpiComparison[] | undefined> {
  const earlier = (await readReports(folder)).find(({ scenario }) => scenario === report.scenario);
  return earlier === undefined ? undefined : compareKpis(earlier.kpis, report.kpis);
}

/** What the scenario's report in `folder` found of its own; `undefined` without a folder, or without such a report. */
export async function foundEarlier(
  folder: string | undefined,
  scenario: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (folder === undefined) return undefined;
  return (await readReports(folder)).find((report) => report.scenario === scenario)?.extra;
}

/** Every metrics file of a folder. Rejects with the file's name when one is not of the schema. */
async function readReports(folder: string): Promise<readonly ScenarioReport[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(METRICS)).sort();
  return Promise.all(
    files.map(async (file) => {
      const parsed = reportSchema.safeParse(JSON.parse(await readFile(join(folder, file), 'utf8')));
      if (parsed.success) return parsed.data;
      throw new Error(`${file} is no metrics file of this version: ${parsed.error.issues[0]?.path.join('.')}`);
    }),
  );
}
