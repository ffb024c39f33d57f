import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dumpWal } from '@esper/wal';
import type { HostRecord } from '../records/record.js';
import { decodeRecord } from '../records/record-codec.js';
import { SCENE_NOTES } from '../records/scene.js';
import type { CommandContext } from './program.js';
import { barOf, walWorld } from './wal-folder.js';

export interface LogReading {
  readonly directory: string;
  /** Of the progress bar. */
  readonly label: string;
  /** Only records whose bytes hold this text are decoded and given. */
  readonly holding?: string;
}

/** One record of a log, and its place. */
export interface PlacedRecord {
  readonly sequence: number;
  readonly record: HostRecord;
}

/** Records between two looks at the bar. */
const BAR_EVERY = 256;

/**
 * The records of a log, oldest first, as a stream with a progress bar; a host may be writing to it. Damaged places are passed
 * over and told at the end.
 */
export async function* logRecords(context: CommandContext, reading: LogReading): AsyncGenerator<PlacedRecord> {
  const { directory, label, holding } = reading;
  const total = await bytesOf(directory);
  const bar = barOf(context, label);
  const wanted = holding === undefined ? undefined : Buffer.from(holding);
  let done = 0;
  let read = 0;
  let damaged = 0;
  const onDamage = () => {
    damaged += 1;
  };
  for await (const { sequence, payload } of dumpWal({ ...walWorld(), directory }, { fromSequence: 1, onDamage })) {
    done += payload.length;
    read += 1;
    if (read % BAR_EVERY === 0) bar(Math.min(done, total), total);
    if (wanted !== undefined && !Buffer.from(payload.buffer, payload.byteOffset, payload.length).includes(wanted))
      continue;
    yield { sequence, record: decodeRecord(payload) };
  }
  if (damaged > 0 && holding === undefined) {
    context.output.note(
      `${damaged} damaged place${damaged === 1 ? '' : 's'} in ${directory} passed over: tamiyo wal verify tells more`,
    );
  }
}

/** The notes of a log that hold scenes, and little else. */
export async function* sceneNotesOf(context: CommandContext, directory: string): AsyncGenerator<HostRecord> {
  const reading = { directory, label: 'looking for scenes', holding: SCENE_NOTES };
  for await (const { record } of logRecords(context, reading)) yield record;
}

/** Only an estimate for the bar: what is there now. */
async function bytesOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
