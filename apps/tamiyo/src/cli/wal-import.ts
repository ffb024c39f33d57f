import { rm } from 'node:fs/promises';
import { type LegacyLog, type LegacyProblem, type LegacyRecord, readLegacyLog } from '@esper/field-reports';
import { openWal, restoreWal } from '@esper/wal';
import { nodeRandom } from '@esper/wal/node';
import { readInputFile } from './input-file.js';
import { EXIT, type Output } from './output.js';
import type { CommandContext } from './program.js';
import { barOf, folderOf, walWorld } from './wal-folder.js';

const FILE_BYTES_MAX = 2 ** 30;
/** Reports appended together, so that they share a sync. */
const GROUP = 256;
/** How far in the future an issue time may lie and still be believed. */
const FUTURE_TOLERANCE_MS = 5 * 60_000;
/** Problems that are printed one by one. */
const SHOWN_MAX = 20;

/**
 * `tamiyo wal import FILE`: the reports of a log of the prototype, byte for byte, as a log of this form. What could not be
 * trusted is listed; whatever could be read is imported all the same. The target appears whole or not at all.
 */
export async function importLog(
  context: CommandContext,
  file: string,
  options: { readonly to?: string },
): Promise<number> {
  const to = await folderOf(context, options.to, 'imported');
  const { clock } = walWorld();
  const bytes = await readInputFile(file, { what: 'the log', bytesMax: FILE_BYTES_MAX });
  const legacy = readLegacyLog(bytes, clock.wallMs() + FUTURE_TOLERANCE_MS);
  const staging = `${to}.import-${process.pid}`;
  try {
    await writeLog(context, staging, legacy.records);
    await restoreWal({ ...walWorld(), from: staging, to, onProgress: barOf(context, 'putting in place') });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  printImport(context.output, { file, to, legacy });
  return legacy.problems.length === 0 ? EXIT.ok : EXIT.corrupt;
}

async function writeLog(
  { output }: CommandContext,
  directory: string,
  records: readonly LegacyRecord[],
): Promise<void> {
  const wal = await openWal({ ...walWorld(), directory, random: nodeRandom, options: { reserveBytes: 0 } });
  for (let at = 0; at < records.length; at += GROUP) {
    const group = records.slice(at, at + GROUP);
    await Promise.all(
      group.map(({ payload, issuedAtMs }) => wal.append(payload, issuedAtMs === undefined ? {} : { issuedAtMs })),
    );
    output.progress(at + group.length, records.length, 'importing');
  }
  await wal.close();
}

function printImport(
  output: Output,
  { file, to, legacy }: { readonly file: string; readonly to: string; readonly legacy: LegacyLog },
): void {
  const { records, problems } = legacy;
  const undated = records.filter(({ issuedAtMs }) => issuedAtMs === undefined).length;
  const byKind = countByKind(problems);
  output.object({ file, to, imported: records.length, undated, problems, byKind });
  output.line(`${records.length} reports imported into ${to}, ${undated} of them without a time that can be believed`);
  if (problems.length === 0) return;
  const kinds = Object.entries(byKind).map(([kind, count]) => `${kind} ${count}`);
  output.line(`${problems.length} things that could not be trusted: ${kinds.join(', ')}`);
  for (const { kind, offset, bytes } of problems.slice(0, SHOWN_MAX))
    output.line(`  byte ${offset}, ${bytes} bytes: ${kind}`);
  if (problems.length > SHOWN_MAX) output.line(`  and ${problems.length - SHOWN_MAX} more; --json has all of them`);
}

function countByKind(problems: readonly LegacyProblem[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of problems) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
