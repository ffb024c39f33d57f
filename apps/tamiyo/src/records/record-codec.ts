import { decodePlain, encodePlain, type PlainLimits } from '@esper/leyline';
import { TamiyoError } from '../errors.js';
import { type HostRecord, RECORD_KINDS } from './record.js';

const FORMAT = 1;
/** A record holds one packet, one command and one run state: 4 MiB is far above any of them. */
const LIMITS: Partial<PlainLimits> = {
  bytesMax: 4 << 20,
  elementsMax: 200_000,
  mapEntriesMax: 20_000,
  arrayItemsMax: 20_000,
};

/** A record as bytes of the log: canonical msgpack with a format number. */
export function encodeRecord(record: HostRecord): Uint8Array {
  return encodePlain({ format: FORMAT, ...record }, LIMITS);
}

/**
 * The record in the bytes. The log has checked that they are the bytes that were written, so anything else is a record of
 * another version: `RECORD_DAMAGED` names what does not fit.
 */
export function decodeRecord(bytes: Uint8Array): HostRecord {
  const decoded = decodePlain(bytes, LIMITS);
  if (!decoded.ok)
    throw new TamiyoError(
      'RECORD_DAMAGED',
      `a log record is no plain data: ${decoded.error.code} at ${decoded.error.path}`,
    );
  const value = decoded.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new TamiyoError('RECORD_DAMAGED', 'a log record is no map');
  }
  const { format, ...record } = value as Record<string, unknown>;
  if (format !== FORMAT)
    throw new TamiyoError('RECORD_DAMAGED', `a log record has format ${String(format)}, this host reads ${FORMAT}`);
  if (!(RECORD_KINDS as readonly unknown[]).includes(record['kind'])) {
    throw new TamiyoError(
      'RECORD_DAMAGED',
      `a log record is of the unknown kind ${String(record['kind']).slice(0, 40)}`,
    );
  }
  return record as unknown as HostRecord;
}
