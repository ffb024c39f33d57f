import type { SegmentHeader } from '../core/segment-header.js';
import { encodeSegmentHeader } from '../core/segment-header.js';
import { segmentName } from '../core/segment-name.js';
import type { Disk } from '../ports.js';
import { putFile } from './disk-io.js';

/** Makes an empty segment, durably: its name exists only together with its header. Resolves to the name. */
export async function createSegment(disk: Disk, directory: string, header: SegmentHeader): Promise<string> {
  const name = segmentName(header);
  await putFile(disk, { directory, name }, encodeSegmentHeader(header));
  return name;
}
