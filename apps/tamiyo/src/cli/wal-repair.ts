import { type InspectionReport, inspectWal, openWal, RECOVERY_MODES, type RecoveryMode } from '@esper/wal';
import { nodeRandom } from '@esper/wal/node';
import { TamiyoError } from '../errors.js';
import { EXIT, type Output } from './output.js';
import type { CommandContext } from './program.js';
import { barOf, folderOf, walWorld } from './wal-folder.js';
import { printReport } from './wal-report.js';

interface RepairOptions {
  readonly log?: string;
  readonly mode: string;
  readonly dryRun?: boolean;
}

const WOULD: Readonly<Record<InspectionReport['wouldDo'], string>> = {
  keep: 'nothing to repair',
  cut: 'cut off the write that never finished, keeping a copy in quarantine',
  note: 'keep every whole record and note what is lost',
  'note-and-cut': 'keep every whole record, note what is lost, and cut off the write that never finished',
  rewind: 'go back to before the first damage, keeping copies of everything later in quarantine',
  refuse: 'refuse: this mode does not go on with such damage',
};

/** `tamiyo wal repair`: what opening in a mode does, or with `--dry-run` would do. */
export async function repairLog(context: CommandContext, options: RepairOptions): Promise<number> {
  const recovery = modeOf(options.mode);
  const directory = await folderOf(context, options.log, 'log');
  const { output } = context;
  const look = { ...walWorld(), directory, options: { recovery } };
  const seen = await inspectWal({ ...look, onProgress: barOf(context, 'checking') });
  printReport(output, directory, seen);
  if (options.dryRun === true || seen.wouldDo === 'keep' || seen.wouldDo === 'refuse') {
    output.object({ folder: directory, applied: false, ...seen });
    output.line(seen.wouldDo === 'keep' ? WOULD.keep : `would ${WOULD[seen.wouldDo]}`);
    return seen.wouldDo === 'refuse' ? EXIT.corrupt : EXIT.ok;
  }
  const wal = await openWal({ ...look, random: nodeRandom });
  await wal.close();
  output.object({ folder: directory, applied: true, ...wal.recovery });
  printRepairs(output, wal.recovery.repairs);
  return EXIT.ok;
}

function printRepairs(output: Output, repairs: InspectionReport['repairs']): void {
  for (const { kind, file, offset, bytes, savedAs } of repairs) {
    const copy = savedAs === undefined ? '' : `; a copy is in ${savedAs}`;
    output.line(`  done: ${kind}: ${file} from byte ${offset}, ${bytes} bytes${copy}`);
  }
}

function modeOf(text: string): RecoveryMode {
  const mode = RECOVERY_MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new TamiyoError('OPTION_INVALID', `--mode is one of ${RECOVERY_MODES.join(', ')}, got ${text}`);
}
