import { type Damage, isSerious, lostCount, type RecoveryReport } from '@esper/wal';
import type { Output } from './output.js';

/** What a look at a log comes down to. */
export type WalVerdict = 'whole' | 'torn' | 'damaged';

/** `damaged`: an acknowledged record is lost or doubtful and no earlier repair has noted it; `torn`: a write never finished. */
export function verdictOf(report: RecoveryReport): WalVerdict {
  if (report.damages.some((damage) => isSerious(damage) && damage.acknowledged && !damage.known)) return 'damaged';
  return report.tornBytes > 0 ? 'torn' : 'whole';
}

const COLOURS = { whole: 'green', torn: 'yellow', damaged: 'red' } as const;

/** One line that says what the log is, then one for each damaged place. */
export function printReport(output: Output, folder: string, report: RecoveryReport): void {
  const verdict = verdictOf(report);
  const { records, segments, firstSequence, lastSequence, logId, bytesScanned } = report;
  const range = records === 0 ? 'no records' : `${records} records, ${firstSequence} to ${lastSequence}`;
  const size = `${segments} ${segments === 1 ? 'segment' : 'segments'}, ${bytesScanned} bytes`;
  output.line(
    `${output.style(COLOURS[verdict], verdict)}: ${range}, in ${size}; log ${logId.slice(0, 16)} in ${folder}`,
  );
  for (const damage of report.damages) output.line(`  ${damageText(damage)}`);
  if (verdict === 'torn') {
    output.line(
      `  a write that never finished: ${report.tornBytes} bytes; the next opening cuts them off, a copy is kept`,
    );
  }
}

/** Where, what, and which records it cost. */
export function damageText(damage: Damage): string {
  const { cause, file, offset, bytes, firstSequence, lastSequence, acknowledged, known } = damage;
  const lost =
    lostCount(damage) === 0
      ? 'costs no record'
      : firstSequence === lastSequence
        ? `record ${firstSequence}`
        : `records ${firstSequence} to ${lastSequence}`;
  const kind = acknowledged && lostCount(damage) > 0 ? ', acknowledged' : '';
  return `${file} at byte ${offset}, ${bytes} bytes: ${cause}: ${lost}${kind}${known ? ' (noted by an earlier repair)' : ''}`;
}
