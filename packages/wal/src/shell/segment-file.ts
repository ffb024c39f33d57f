import { encodeFrame, placementOf } from '../core/frame.js';
import { type IssueTimes, NO_ISSUE_TIMES, withIssueTime } from '../core/issue-times.js';
import { TEMPORARY_ENDING } from '../core/layout.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from '../core/segment-header.js';
import { segmentName } from '../core/segment-name.js';
import type { Disk } from '../ports.js';
import { putFile, removeIfThere, withFile, writeFully } from './disk-io.js';

/** Makes an empty segment, durably: its name exists only together with its header. Resolves to the name. */
export async function createSegment(disk: Disk, directory: string, header: SegmentHeader): Promise<string> {
  const name = segmentName(header);
  await putFile(disk, { directory, name }, encodeSegmentHeader(header));
  return name;
}

/** One record that goes into a rewritten segment, with the acknowledgement that its first frame carried. */
export interface KeptRecord {
  readonly sequence: number;
  readonly issuedAtMs: number;
  readonly acknowledgedThrough: number;
  readonly chainBefore: number;
  readonly payload: Uint8Array;
}

/** What a rewritten segment has become. */
export interface RewrittenSegment {
  readonly name: string;
  readonly endOffset: number;
  readonly issueTimes: IssueTimes;
}

/**
 * Writes a whole segment from records, durably: temporary file, sync, rename, sync of the directory. The name exists only
 * together with every record.
 */
export async function writeSegment(
  where: { readonly disk: Disk; readonly directory: string },
  header: SegmentHeader,
  records: AsyncIterable<KeptRecord>,
): Promise<RewrittenSegment> {
  const { disk, directory } = where;
  const name = segmentName(header);
  const temporary = `${directory}/${name}${TEMPORARY_ENDING}`;
  await removeIfThere(disk, temporary);
  let endOffset = SEGMENT_HEADER_BYTES;
  let issueTimes = NO_ISSUE_TIMES;
  await withFile(disk, { path: temporary, how: 'create' }, async (file) => {
    await writeFully(file, encodeSegmentHeader(header), 0);
    const placement = placementOf(header.logId, header.segment);
    for await (const record of records) {
      const bytes = encodeFrame(record, { placement, offset: endOffset });
      await writeFully(file, bytes, endOffset);
      endOffset += bytes.length;
      issueTimes = withIssueTime(issueTimes, record.sequence, record.issuedAtMs);
    }
    await file.sync();
  });
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
  return { name, endOffset, issueTimes };
}
