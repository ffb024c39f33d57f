import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALERT_GROUPS } from './alert-table.ts';
import { DASHBOARDS } from './dashboards/dashboard-table.ts';
import { grafanaJson } from './dashboards/grafana-json.ts';
import { rulesFile, rulesTestFile } from './rules-file.ts';

/** Where what is made from the tables lies. */
export const FOLDER = 'deploy/monitoring';

const GROUPS = Object.keys(ALERT_GROUPS);

/** Everything in that folder, by name. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(GROUPS.map((group) => [`${group}.rules.yml`, rulesFile(group)])),
  ...Object.fromEntries(GROUPS.map((group) => [`${group}.test.yml`, rulesTestFile(group)])),
  ...Object.fromEntries(DASHBOARDS.map((board) => [`${board.uid}.json`, grafanaJson(board)])),
});

/** Files that are missing, are not what they should be, or should not be there. */
export async function staleFiles(root: string): Promise<readonly string[]> {
  const wanted = generatedFiles();
  const there = await readdir(join(root, FOLDER)).catch(() => []);
  const stale: string[] = there.filter((name) => !Object.hasOwn(wanted, name));
  for (const [name, text] of Object.entries(wanted)) {
    const found = await readFile(join(root, FOLDER, name), 'utf8').catch(() => undefined);
    if (found !== text) stale.push(name);
  }
  return stale.sort();
}
