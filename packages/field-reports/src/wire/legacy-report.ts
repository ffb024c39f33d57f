/** What is read of a report in the prototype's protobuf form: who it is, whose, and of when. */
export interface LegacyReport {
  readonly version: number;
  readonly reportId: string;
  readonly trainingRunId: string;
  /** Absent when the report has no issue time. Whole seconds since 1970 and nanoseconds. */
  readonly issuedAt?: { readonly seconds: bigint; readonly nanos: number };
}

/** Protobuf numbers of the fields that are text; the runtime refuses a report in which one is no UTF-8. */
const TEXT_FIELDS: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 11, 13]);
const FIELD = { version: 1, reportId: 2, trainingRunId: 4, metrics: 8, issuedAt: 10, followUps: 12 } as const;
const GROUP_DEPTH_MAX = 100;

class Malformed extends Error {}

/** The report in these bytes, or `undefined` when no protobuf runtime would take them for one. */
export function readLegacyReport(bytes: Uint8Array): LegacyReport | undefined {
  const report = { version: 0, reportId: '', trainingRunId: '' } as {
    -readonly [K in keyof LegacyReport]: LegacyReport[K];
  };
  try {
    readFields(bytes, (field, value) => takeField(report, field, value));
    return report;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

type Value = bigint | Uint8Array | undefined;

function takeField(
  report: { -readonly [K in keyof LegacyReport]: LegacyReport[K] },
  field: number,
  value: Value,
): void {
  if (field === FIELD.version && typeof value === 'bigint') report.version = Number(BigInt.asUintN(32, value));
  if (!(value instanceof Uint8Array)) return;
  if (TEXT_FIELDS.has(field)) {
    const text = decodeText(value);
    if (field === FIELD.reportId) report.reportId = text;
    if (field === FIELD.trainingRunId) report.trainingRunId = text;
  }
  if (field === FIELD.issuedAt) report.issuedAt = readTimestamp(value, report.issuedAt);
  if (field === FIELD.metrics) readFields(value, checkText(new Set([1])));
  if (field === FIELD.followUps) readFields(value, checkText(new Set([1, 2])));
}

const checkText = (fields: ReadonlySet<number>) => (field: number, value: Value) => {
  if (fields.has(field) && value instanceof Uint8Array) decodeText(value);
};

/** A second occurrence is merged into the first, as protobuf has it. */
function readTimestamp(bytes: Uint8Array, before: LegacyReport['issuedAt']): { seconds: bigint; nanos: number } {
  const at = { seconds: before?.seconds ?? 0n, nanos: before?.nanos ?? 0 };
  readFields(bytes, (field, value) => {
    if (typeof value !== 'bigint') return;
    if (field === 1) at.seconds = BigInt.asIntN(64, value);
    if (field === 2) at.nanos = Number(BigInt.asIntN(32, value));
  });
  return at;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Malformed();
  }
}

/** Walks the fields of one message. Groups are skipped; what is malformed throws. */
function readFields(bytes: Uint8Array, take: (field: number, value: Value) => void): void {
  const cursor = new Cursor(bytes);
  while (!cursor.atEnd) {
    const tag = cursor.tag();
    const { value } = cursor.value(tag.wireType, tag.field);
    take(tag.field, value);
  }
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  tag(): { readonly field: number; readonly wireType: number } {
    const tag = Number(this.#varint(5));
    if (tag > 0xffffffff || tag >>> 3 === 0) throw new Malformed();
    return { field: tag >>> 3, wireType: tag & 7 };
  }

  value(wireType: number, field: number): { readonly value: Value } {
    switch (wireType) {
      case 0:
        return { value: this.#varint(10) };
      case 1:
        return { value: void this.#take(8) };
      case 2:
        return { value: this.#take(Number(this.#varint(5))) };
      case 3:
        this.#skipGroup(field);
        return { value: undefined };
      case 5:
        return { value: void this.#take(4) };
      default:
        throw new Malformed();
    }
  }

  #skipGroup(field: number): void {
    this.#depth += 1;
    if (this.#depth > GROUP_DEPTH_MAX) throw new Malformed();
    for (;;) {
      const tag = this.tag();
      if (tag.wireType === 4) {
        if (tag.field !== field) throw new Malformed();
        this.#depth -= 1;
        return;
      }
      this.value(tag.wireType, tag.field);
    }
  }

  #varint(bytesMax: number): bigint {
    let value = 0n;
    for (let count = 0; count < bytesMax; count += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new Malformed();
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return value;
    }
    throw new Malformed();
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new Malformed();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
