import { ANCHOR_BYTES, type Anchor } from '../core/anchor.js';
import { crc32c } from '../core/crc32c.js';
import { isSerious } from '../core/damage.js';
import type { WalObserver } from '../core/events.js';
import { NO_ISSUE_TIMES } from '../core/issue-times.js';
import { ANCHOR_FILE, RESERVE_FILE } from '../core/layout.js';
import { LOG_ID_BYTES, SEGMENT_HEADER_BYTES } from '../core/segment-header.js';
import type { SequenceRange } from '../core/sequence-ranges.js';
import type { SegmentSurvey } from '../core/survey.js';
import { viewOf } from '../core/u64.js';
import { resolveWalOptions, type WalOptions } from '../options.js';
import type { Disk, RandomFill, WalClock } from '../ports.js';
import { AnchorFile } from './anchor-file.js';
import { diskCode, ioError, withFile } from './disk-io.js';
import { DiskReserve } from './disk-reserve.js';
import { guardedTell, type LiveSegment, type LogState, newCounters } from './log-state.js';
import { LogWriter } from './log-writer.js';
import { type Recovered, recover, syncNewest } from './recover.js';
import { createSegment } from './segment-file.js';
import { Wal } from './wal.js';
import { WalLock } from './wal-lock.js';

/** What a log needs from the outside. */
export interface WalSetup {
  readonly disk: Disk;
  /** Made when it is not there. Nothing else should be kept in it. */
  readonly directory: string;
  readonly clock: WalClock;
  /** Names a new log. Without it the name is derived from the clock and the process. */
  readonly random?: RandomFill;
  readonly observe?: WalObserver;
  readonly options?: WalOptions;
}

/**
 * Opens a log for writing: takes the lock, reads everything once, repairs what the recovery mode allows, and resolves to
 * a log that is ready for appends. Rejects with `WAL_LOCKED`, `WAL_CORRUPT` (with the report; nothing was changed),
 * `WAL_FORMAT_UNKNOWN` or `WAL_IO`, and with `RangeError` for a bad option. Time grows with the size of the log, memory
 * does not.
 */
export async function openWal(setup: WalSetup): Promise<Wal> {
  const options = resolveWalOptions(setup.options);
  const { disk, directory } = setup;
  let lock: WalLock | undefined;
  try {
    await disk.makeDirectory(directory);
    lock = await WalLock.take(disk, directory);
    const counters = newCounters();
    const tell = guardedTell(setup.observe, counters);
    const recovered = await recover({ disk, directory, options, clock: setup.clock });
    return await ready(setup, {
      lock,
      recovered,
      base: { disk, directory, options, clock: setup.clock, counters, tell },
    });
  } catch (cause) {
    const failure = ioError(`cannot open ${directory}`, cause);
    // The first failure is the story; the lock of a process that goes on is dead weight, but no danger.
    await lock?.release().catch(() => undefined);
    throw failure;
  }
}

interface Ready {
  readonly lock: WalLock;
  readonly recovered: Recovered;
  readonly base: Omit<LogState, 'logId' | 'segments' | 'firstSequence'>;
}

async function ready(setup: WalSetup, { lock, recovered, base }: Ready): Promise<Wal> {
  const { survey, nextSequence } = recovered;
  const { disk, directory, tell } = base;
  const logId = survey.logId ?? (await newLogId(setup));
  const known = survey.anchor.anchor;
  const [oldest] = survey.segments;
  // What recovery kept will be read and built upon, so it must not be lost by the next crash.
  await syncNewest(base, survey);
  const start: Anchor = {
    logId,
    counter: known?.counter ?? 0,
    acknowledgedThrough: nextSequence - 1,
    firstSegment: known?.firstSegment ?? oldest?.segment ?? 1,
    firstSequence: known?.firstSequence ?? oldest?.firstSequence ?? 1,
  };
  const there = survey.anchorThere && (await sizeOf(disk, `${directory}/${ANCHOR_FILE}`)) === ANCHOR_BYTES;
  const anchor = await AnchorFile.open({ disk, directory, there }, start, (error) => {
    base.counters.noteFailuresTotal += 1;
    tell('wal.note_failed', { code: diskCode(error) });
  });
  const segments = liveSegments(recovered);
  const state: LogState = { ...base, logId, segments, firstSequence: start.firstSequence };
  const { chain, highestSegment } = await newestSegment(state, recovered);
  const newest = state.segments.at(-1) as LiveSegment;
  const file = await disk.open(`${directory}/${newest.name}`, 'write');
  const writer = new LogWriter(state, { anchor, file }, { chain, nextSequence, highestSegment });
  const reserve = new DiskReserve(state);
  if (state.options.reserveBytes > 0) {
    if ((await sizeOf(disk, `${directory}/${RESERVE_FILE}`)) === state.options.reserveBytes) reserve.found();
    await reserve.restore();
  }
  announce(state, recovered);
  return new Wal({ state, writer, anchor, reserve, lock, recovery: recovered.report });
}

function liveSegments({ survey, nextSequence }: Recovered): LiveSegment[] {
  return survey.segments.map((one, at) => {
    const lastSequence = (survey.segments[at + 1]?.firstSequence ?? nextSequence) - 1;
    const losses = lossesOf(one, lastSequence);
    return {
      segment: one.segment,
      firstSequence: one.firstSequence,
      name: one.name,
      chainBefore: one.chainBefore,
      endOffset: losses.length > 0 ? one.fileBytes : one.endOffset,
      lastSequence,
      issueTimes: one.issueTimes,
      losses,
      unreadable: one.damages.some(({ cause }) => cause === 'unreadable'),
    };
  });
}

function lossesOf(one: SegmentSurvey, lastSequence: number): readonly SequenceRange[] {
  const found = one.damages
    .filter(isSerious)
    .map(({ firstSequence, lastSequence: last = lastSequence }) => ({ first: firstSequence, last }));
  const reached = found.reduce((end, { last }) => Math.max(end, last), Math.max(one.lastRecord, one.firstSequence - 1));
  return reached < lastSequence ? [...found, { first: reached + 1, last: lastSequence }] : found;
}

/** Begins a fresh segment where the newest one cannot be continued. */
async function newestSegment(
  state: LogState,
  { survey, nextSequence, needsFreshSegment }: Recovered,
): Promise<{ readonly chain: number; readonly highestSegment: number }> {
  const newest = survey.segments.at(-1);
  const reaches = newest !== undefined && Math.max(newest.lastRecord, newest.firstSequence - 1) === nextSequence - 1;
  const chain = (reaches ? newest.chainEnd : 0) ?? 0;
  if (!needsFreshSegment) return { chain, highestSegment: survey.highestSegment };
  const segment = Math.max(survey.highestSegment + 1, survey.anchor.anchor?.firstSegment ?? 1);
  const id = { segment, firstSequence: nextSequence };
  const header = { ...id, logId: state.logId, chainBefore: chain, createdAtMs: state.clock.wallMs() };
  const name = await createSegment(state.disk, state.directory, header);
  state.segments.push({
    ...id,
    name,
    chainBefore: chain,
    endOffset: SEGMENT_HEADER_BYTES,
    lastSequence: nextSequence - 1,
    issueTimes: NO_ISSUE_TIMES,
    losses: [],
    unreadable: false,
  });
  state.tell('wal.segment_started', { segment: name });
  return { chain, highestSegment: segment };
}

async function newLogId(setup: WalSetup): Promise<Uint8Array> {
  const id = new Uint8Array(LOG_ID_BYTES);
  if (setup.random !== undefined) {
    setup.random(id);
    return id;
  }
  const text = `${await setup.disk.identity()} ${setup.directory} ${setup.clock.wallMs()}`;
  const seed = new TextEncoder().encode(text);
  const view = viewOf(id);
  for (let at = 0; at < LOG_ID_BYTES; at += 4) view.setUint32(at, crc32c(seed, at + setup.clock.wallMs()), true);
  return id;
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  try {
    return await withFile(disk, { path, how: 'read' }, (file) => file.sizeBytes());
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return -1;
    throw error;
  }
}

function announce(state: LogState, { report }: Recovered): void {
  const { records, lostAcknowledged, lastSequence } = report;
  state.tell('wal.recovered', { records, lastSequence, lostAcknowledged, repairs: report.repairs.length });
  for (const { cause, file, offset, firstSequence, acknowledged, known } of report.damages) {
    if (acknowledged && !known) state.tell('wal.damage', { cause, file, offset, firstSequence });
  }
  for (const { kind, file, bytes } of report.repairs) {
    if (kind === 'tail-truncated' || kind === 'tail-fenced') state.tell('wal.torn_tail_repaired', { file, bytes });
  }
  if (state.options.durability === 'written') state.tell('wal.durability_reduced', { durability: 'written' });
}
