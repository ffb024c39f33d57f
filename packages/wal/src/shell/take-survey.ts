import { ANCHOR_BYTES, type AnchorReading, decodeAnchor } from '../core/anchor.js';
import type { Damage, DamageCause } from '../core/damage.js';
import { frameBytes, placementOf } from '../core/frame.js';
import { NO_ISSUE_TIMES, withIssueTime } from '../core/issue-times.js';
import { ANCHOR_FILE, SCARS_FILE, TEMPORARY_ENDING } from '../core/layout.js';
import { decodeScars } from '../core/scar.js';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeaderReading } from '../core/segment-header.js';
import { parseSegmentName, type SegmentId } from '../core/segment-name.js';
import { type DamageFinding, SegmentScanner } from '../core/segment-scan.js';
import type { LogSurvey, SegmentSurvey } from '../core/survey.js';
import { WalError } from '../errors.js';
import type { ResolvedWalOptions } from '../options.js';
import type { Disk } from '../ports.js';
import { diskCode, readWhole, withFile } from './disk-io.js';
import { segmentFindings } from './segment-findings.js';

/** Where a log lies and how it is read. */
export interface SurveyInput {
  readonly disk: Disk;
  readonly directory: string;
  readonly options: ResolvedWalOptions;
  /** Told after each window: bytes scanned, bytes in all. */
  readonly onProgress?: ProgressListener;
}

/** Told how far a long work has come: bytes done, bytes in all. */
export type ProgressListener = (doneBytes: number, totalBytes: number) => void;

interface NamedSegment extends SegmentId {
  readonly name: string;
  readonly reading: SegmentHeaderReading;
}

/** Longest scars file that is read: far more than `damagesMax` lines. */
const SCARS_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Reads the whole log once, with memory for one window, and changes nothing. `newestFence` is the first sequence of a
 * segment that will follow the newest one.
 */
export async function takeSurvey(input: SurveyInput, newestFence?: number): Promise<LogSurvey> {
  const { disk, directory } = input;
  const names = await disk.list(directory).catch((cause: unknown) => {
    if (diskCode(cause) === 'ENOENT') throw new WalError('WAL_ABSENT', `there is no folder ${directory}`);
    throw cause;
  });
  const read = async (name: string, bytesMax: number) =>
    names.includes(name) ? readWhole(disk, `${directory}/${name}`, bytesMax) : undefined;
  const anchorBytes = await read(ANCHOR_FILE, ANCHOR_BYTES);
  const anchor = decodeAnchor(anchorBytes ?? new Uint8Array());
  const named = await readHeaders(input, names);
  const scarBytes = await read(SCARS_FILE, SCARS_BYTES_MAX);
  const scars = decodeScars(scarBytes ?? new Uint8Array());
  const logId =
    anchor.anchor?.logId ?? named.find(({ reading }) => reading.header !== undefined)?.reading.header?.logId;
  if (logId === undefined && named.length > 0) {
    throw new WalError('WAL_CORRUPT', 'no segment header and no anchor slot is whole, so the log cannot be identified');
  }
  // Segments that begin before what retention kept were given up; a crash came before they were removed.
  const firstKept = anchor.anchor?.firstSequence ?? 0;
  const kept = named.filter(({ firstSequence }) => firstSequence >= firstKept);
  const segments: SegmentSurvey[] = [];
  const tell = await progressOf(input, kept);
  for (const [at, one] of kept.entries()) {
    segments.push(
      await surveySegment(input, one, {
        logId: logId as Uint8Array,
        fence: kept[at + 1]?.firstSequence ?? newestFence,
        onScanned: (offset) => tell(segments.reduce((sum, { fileBytes }) => sum + fileBytes, offset)),
      }),
    );
  }
  const minor = [
    ...anchorDamage(anchor, anchorBytes !== undefined, named.length > 0),
    ...kept.flatMap(headerDamage),
    ...minorDamage('scars', SCARS_FILE, scars.damagedLines),
  ];
  return {
    logId,
    anchor,
    anchorThere: anchorBytes !== undefined,
    segments,
    leftovers: named.filter(({ firstSequence }) => firstSequence < firstKept).map(({ name }) => name),
    temporaries: names.filter((name) => name.endsWith(TEMPORARY_ENDING)),
    scars: scars.scars,
    minor,
    bytesScanned: segments.reduce((sum, one) => sum + one.fileBytes, 0),
    highestSegment: named.reduce((highest, one) => Math.max(highest, one.segment), 0),
  };
}

/** Sizes are only asked for when somebody wants to know how far the work has come. */
async function progressOf(
  { disk, directory, onProgress }: SurveyInput,
  files: readonly NamedSegment[],
): Promise<(doneBytes: number) => void> {
  if (onProgress === undefined) return () => undefined;
  let totalBytes = 0;
  for (const { name } of files) {
    totalBytes += await withFile(disk, { path: `${directory}/${name}`, how: 'read' }, (file) => file.sizeBytes());
  }
  return (doneBytes) => onProgress(doneBytes, totalBytes);
}

async function readHeaders(input: SurveyInput, names: readonly string[]): Promise<readonly NamedSegment[]> {
  const named: NamedSegment[] = [];
  for (const name of [...names].sort()) {
    const id = parseSegmentName(name);
    if (id === undefined) continue;
    const head = await readWhole(input.disk, `${input.directory}/${name}`, SEGMENT_HEADER_BYTES);
    const reading = decodeSegmentHeader(head ?? new Uint8Array());
    if (reading.unknownVersion !== undefined) {
      throw new WalError('WAL_FORMAT_UNKNOWN', `${name} has format version ${reading.unknownVersion}`);
    }
    named.push({ ...id, name, reading });
  }
  return named;
}

/** Scans one segment. `fence` is the first sequence of the next one. */
async function surveySegment(
  input: SurveyInput,
  one: SegmentId & { readonly name: string; readonly reading: SegmentHeaderReading },
  log: {
    readonly logId: Uint8Array;
    readonly fence: number | undefined;
    readonly onScanned: (offset: number) => void;
  },
): Promise<SegmentSurvey> {
  return withFile(input.disk, { path: `${input.directory}/${one.name}`, how: 'read' }, async (file) => {
    const fileBytes = await file.sizeBytes();
    const scanner = new SegmentScanner({
      placement: placementOf(log.logId, one.segment),
      firstSequence: one.firstSequence,
      chainBefore: one.reading.header?.chainBefore,
      fence: log.fence,
      limitBytes: fileBytes,
    });
    const tally = new SegmentTally(input.options.damagesMax, one.reading.header?.chainBefore);
    const onUnreadable = (offset: number, bytes: number) => tally.unreadable(offset, bytes);
    const source = { file, scanner, limitBytes: fileBytes, readBytes: input.options.readBytes, onUnreadable };
    for await (const findings of segmentFindings(source)) {
      tally.add(findings);
      log.onScanned(scanner.offset);
    }
    const { segment, firstSequence, name } = one;
    const { header } = one.reading;
    const headerKnown = header !== undefined;
    return {
      segment,
      firstSequence,
      name,
      fileBytes,
      headerKnown,
      chainBefore: header?.chainBefore,
      ...tally.result(),
    };
  });
}

type Found = Omit<SegmentSurvey, 'segment' | 'firstSequence' | 'name' | 'fileBytes' | 'headerKnown' | 'chainBefore'>;

/** Adds up the findings of one segment. */
class SegmentTally {
  readonly #damagesMax: number;
  readonly #damages: DamageFinding[] = [];
  readonly #unreadable: { readonly offset: number; readonly bytes: number }[] = [];
  #records = 0;
  #lastRecord = 0;
  #lastRecordOffset = SEGMENT_HEADER_BYTES;
  #endOffset = SEGMENT_HEADER_BYTES;
  #chainEnd: number | undefined;
  #acknowledgedThrough = 0;
  #issueTimes = NO_ISSUE_TIMES;
  #supersededBytes = 0;

  constructor(damagesMax: number, chainBefore: number | undefined) {
    this.#damagesMax = damagesMax;
    this.#chainEnd = chainBefore;
  }

  unreadable(offset: number, bytes: number): void {
    this.#unreadable.push({ offset, bytes });
  }

  add(findings: Awaited<ReturnType<SegmentScanner['scan']>>): void {
    for (const finding of findings) {
      if (finding.kind === 'record') {
        const { header } = finding;
        this.#records += 1;
        this.#lastRecord = header.sequence;
        this.#lastRecordOffset = finding.offset;
        this.#endOffset = finding.offset + frameBytes(finding.payload.length);
        this.#chainEnd = finding.chain;
        this.#acknowledgedThrough = Math.max(this.#acknowledgedThrough, header.acknowledgedThrough);
        this.#issueTimes = withIssueTime(this.#issueTimes, header.sequence, header.issuedAtMs);
      } else if (finding.kind === 'damage') {
        this.#addDamage(finding);
      } else {
        this.#supersededBytes = finding.bytes;
      }
    }
  }

  #addDamage(finding: DamageFinding): void {
    if (this.#damages.length >= this.#damagesMax) {
      throw new WalError('WAL_CORRUPT', `more than ${this.#damagesMax} damaged places in one segment`);
    }
    const refused = this.#unreadable.some(
      ({ offset, bytes }) => offset < finding.offset + finding.bytes && finding.offset < offset + bytes,
    );
    this.#damages.push(refused ? { ...finding, cause: 'unreadable' } : finding);
  }

  result(): Found {
    return {
      records: this.#records,
      lastRecord: this.#lastRecord,
      lastRecordOffset: this.#lastRecordOffset,
      endOffset: this.#endOffset,
      chainEnd: this.#chainEnd,
      acknowledgedThrough: this.#acknowledgedThrough,
      issueTimes: this.#issueTimes,
      damages: this.#damages,
      supersededBytes: this.#supersededBytes,
    };
  }
}

const minorDamage = (cause: DamageCause, file: string, count: number): readonly Damage[] =>
  count === 0
    ? []
    : [{ cause, file, offset: 0, bytes: 0, firstSequence: 1, lastSequence: 0, acknowledged: false, known: false }];

/** A note that does not verify is what a crash leaves; only bases count. */
function anchorDamage(anchor: AnchorReading, there: boolean, logThere: boolean): readonly Damage[] {
  return minorDamage('anchor', ANCHOR_FILE, logThere || there ? anchor.damagedBases : 0);
}

const headerDamage = ({ name, reading }: NamedSegment): readonly Damage[] =>
  minorDamage('segment-header', name, reading.damagedCopies);
