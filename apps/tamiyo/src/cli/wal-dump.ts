import { type Damage, dumpWal, isSerious, type WalRecord } from '@esper/wal';
import { decodeRecord } from '../records/record-codec.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { folderOf, walWorld } from './wal-folder.js';
import { damageText } from './wal-report.js';
import { wholeNumber } from './whole-number.js';

interface DumpOptions {
  readonly log?: string;
  readonly from: string;
  readonly limit: string;
}

/** `tamiyo wal dump`: one line for each whole record; damage is told on stderr and passed over. */
export async function dumpLog(context: CommandContext, options: DumpOptions): Promise<number> {
  const whole = { least: 1, most: Number.MAX_SAFE_INTEGER };
  const fromSequence = wholeNumber('--from', options.from, whole);
  const limit = options.limit === 'none' ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit, whole);
  const directory = await folderOf(context, options.log, 'log');
  const damages: Damage[] = [];
  const onDamage = (damage: Damage): void => {
    if (!isSerious(damage)) return;
    damages.push(damage);
    context.output.note(damageText(damage));
  };
  let shown = 0;
  for await (const record of dumpWal({ ...walWorld(), directory }, { fromSequence, onDamage })) {
    if (shown >= limit) break;
    shown += 1;
    printRecord(context, record);
  }
  context.output.object({ folder: directory, records: shown, damages });
  return damages.length === 0 ? EXIT.ok : EXIT.corrupt;
}

function printRecord({ output }: CommandContext, { sequence, issuedAtMs, payload }: WalRecord): void {
  const about = aboutOf(payload);
  const bytes = payload.length;
  output.object({
    sequence,
    ...(issuedAtMs === undefined ? {} : { issuedAtMs }),
    bytes,
    about,
    payload: Buffer.from(payload).toString('base64'),
  });
  const time = issuedAtMs === undefined ? 'no issue time' : new Date(issuedAtMs).toISOString();
  output.line(`${String(sequence).padStart(10)}  ${time.padEnd(24)}  ${String(bytes).padStart(8)}  ${about}`);
}

/** What a record of this host is about; anything else is opaque here. */
function aboutOf(payload: Uint8Array): string {
  const record = hostRecord(payload);
  if (record === undefined) return 'opaque';
  if ('decisionId' in record) return `${record.kind} ${record.decisionId} of ${record.trainingRunId}`;
  return record.kind === 'note' ? `note for ${record.stream}` : record.kind;
}

function hostRecord(payload: Uint8Array): ReturnType<typeof decodeRecord> | undefined {
  try {
    return decodeRecord(payload);
  } catch {
    // A log of another owner: what its records mean is no business of this command, which shows them as they are.
    return undefined;
  }
}
