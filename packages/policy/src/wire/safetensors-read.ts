import { err, ok, type Result } from '@esper/std';
import { elementCount, type TensorSet, type WeightTensor } from '../core/network/tensor-set.js';
import { floatsFromBytes } from './little-endian.js';
import { parseJsonStrictly } from './strict-json.js';

/** Bounds of a safetensors file; beyond them it is refused before its header is parsed. */
export interface SafetensorsLimits {
  readonly fileBytesMax: number;
  readonly headerBytesMax: number;
  readonly tensorCountMax: number;
}

/** 512 MB, a header of 4 MB (a policy checkpoint has 57 kB), 10,000 tensors (a policy has 466). */
export const SAFETENSORS_LIMITS: SafetensorsLimits = Object.freeze({
  fileBytesMax: 512 * 2 ** 20,
  headerBytesMax: 4 * 2 ** 20,
  tensorCountMax: 10_000,
});

/** Why bytes are not a safetensors file of float32 tensors. */
export type SafetensorsRefusal =
  | { readonly code: 'safetensors_too_large'; readonly what: string; readonly actual: number; readonly max: number }
  | { readonly code: 'safetensors_malformed'; readonly reason: string }
  | { readonly code: 'safetensors_dtype'; readonly tensor: string; readonly dtype: string }
  | { readonly code: 'weights_nonfinite'; readonly tensor: string };

/** How {@link readSafetensors} reads. */
export interface SafetensorsReadOptions {
  readonly limits?: SafetensorsLimits;
  /** Refuse a tensor that holds NaN or an infinity. Default true. */
  readonly finiteOnly?: boolean;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;
const FLOAT_BYTES = 4;
const ENTRY_KEYS = 'data_offsets,dtype,shape';

const malformed = (reason: string): Result<never, SafetensorsRefusal> => err({ code: 'safetensors_malformed', reason });
const tooLarge = (what: string, actual: number, max: number): Result<never, SafetensorsRefusal> =>
  err({ code: 'safetensors_too_large', what, actual, max });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readHeaderText(bytes: Uint8Array, limits: SafetensorsLimits): Result<string, SafetensorsRefusal> {
  if (bytes.byteLength > limits.fileBytesMax) return tooLarge('file bytes', bytes.byteLength, limits.fileBytesMax);
  if (bytes.byteLength < LENGTH_BYTES) return malformed('the file ends inside the header length');
  const declared = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (declared > BigInt(limits.headerBytesMax))
    return tooLarge('header bytes', Number(declared), limits.headerBytesMax);
  const end = LENGTH_BYTES + Number(declared);
  if (end > bytes.byteLength) return malformed('the file ends inside the header');
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(LENGTH_BYTES, end)));
  } catch {
    return malformed('the header is not UTF-8');
  }
}

/** At most so much of a file's own text stands in a refusal. */
const QUOTED_CHARS_MAX = 128;
const quoted = (text: string): string => text.slice(0, QUOTED_CHARS_MAX);
const dtypeText = (value: unknown): string => (typeof value === 'string' ? quoted(value) : 'not a text');

function readMetadata(value: unknown): Result<Readonly<Record<string, string>>, SafetensorsRefusal> {
  if (value === undefined) return ok({});
  if (!isRecord(value)) return malformed('__metadata__ is not an object');
  const wrong = Object.entries(value).find(([, text]) => typeof text !== 'string');
  return wrong
    ? malformed(`__metadata__.${quoted(wrong[0])} is not text`)
    : ok(value as Readonly<Record<string, string>>);
}

function readEntry(name: string, value: unknown): Result<Entry, SafetensorsRefusal> {
  const tensor = quoted(name);
  if (!isRecord(value) || Object.keys(value).sort().join() !== ENTRY_KEYS) {
    return malformed(`tensor ${tensor} does not have exactly dtype, shape and data_offsets`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32') return err({ code: 'safetensors_dtype', tensor, dtype: dtypeText(dtype) });
  if (!Array.isArray(shape) || !shape.every(isCount))
    return malformed(`tensor ${tensor}: shape is not a list of counts`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return malformed(`tensor ${tensor}: data_offsets is not a pair of counts`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * FLOAT_BYTES;
  if (end - begin !== bytes) return malformed(`tensor ${tensor}: ${end - begin} bytes for a shape of ${bytes}`);
  return ok({ name, shape, begin, end });
}

function readHeader(text: string, limits: SafetensorsLimits): Result<Header, SafetensorsRefusal> {
  const parsed = parseJsonStrictly(text);
  if (!parsed.ok) return malformed(`header JSON: ${parsed.error}`);
  if (!isRecord(parsed.value)) return malformed('the header is not an object');
  const metadata = readMetadata(parsed.value['__metadata__']);
  if (!metadata.ok) return metadata;
  const names = Object.keys(parsed.value).filter((name) => name !== '__metadata__');
  if (names.length > limits.tensorCountMax) return tooLarge('tensors', names.length, limits.tensorCountMax);
  const entries: Entry[] = [];
  for (const name of names) {
    const entry = readEntry(name, parsed.value[name]);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  return ok({ entries, metadata: metadata.value });
}

/** Sorted by offset, every tensor must begin where the one before ends, and the last must end with the file. */
function checkLayout(entries: readonly Entry[], dataBytes: number): Result<null, SafetensorsRefusal> {
  let at = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== at) return malformed(`tensor ${quoted(entry.name)} begins at ${entry.begin}, expected ${at}`);
    at = entry.end;
  }
  return at === dataBytes ? ok(null) : malformed(`tensors end at ${at} of ${dataBytes} data bytes`);
}

/**
 * Reads a safetensors file of float32 tensors: 8 bytes header length, JSON header, data. Strict: sizes are checked
 * before anything is parsed, duplicate JSON keys, gaps, overlaps, bytes behind the last tensor and unknown entry keys are
 * refused. The result shares no memory with `bytes`.
 */
export function readSafetensors(
  bytes: Uint8Array,
  options: SafetensorsReadOptions = {},
): Result<TensorSet, SafetensorsRefusal> {
  const limits = options.limits ?? SAFETENSORS_LIMITS;
  const text = readHeaderText(bytes, limits);
  if (!text.ok) return text;
  const header = readHeader(text.value, limits);
  if (!header.ok) return header;
  const data = bytes.subarray(LENGTH_BYTES + new TextEncoder().encode(text.value).byteLength);
  const layout = checkLayout(header.value.entries, data.byteLength);
  if (!layout.ok) return layout;
  const tensors = new Map<string, WeightTensor>();
  for (const { name, shape, begin, end } of header.value.entries) {
    const values = floatsFromBytes(data.subarray(begin, end));
    if (options.finiteOnly !== false && !values.every(Number.isFinite)) {
      return err({ code: 'weights_nonfinite', tensor: quoted(name) });
    }
    tensors.set(name, { shape, data: values });
  }
  return ok({ tensors, metadata: header.value.metadata });
}
