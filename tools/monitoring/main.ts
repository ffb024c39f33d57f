import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../cli/workspace.ts';
import { FOLDER, generatedFiles, staleFiles } from './generated-files.ts';

/** `pnpm monitoring [--write]`: says which files of `deploy/monitoring` are not what the tables make them, or writes them. */
if (process.argv.includes('--write')) {
  await mkdir(join(ROOT, FOLDER), { recursive: true });
  const files = Object.entries(generatedFiles());
  for (const [name, text] of files) await writeFile(join(ROOT, FOLDER, name), text);
  console.log(`${files.length} files written to ${FOLDER}`);
} else {
  const stale = await staleFiles(ROOT);
  for (const name of stale) console.error(`${FOLDER}/${name} is stale; run pnpm monitoring --write`);
  console.log(stale.length === 0 ? 'everything is as the tables have it' : `${stale.length} stale`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}
