import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Watermark, type WatermarkStep } from '../core/watermark.js';
import { VerifierError } from '../errors.js';
import { resolveReplayOptions } from '../options.js';
import type { WatermarkJournal } from '../ports.js';
import type { OpenedJournal } from '../shell/replay-guard.js';
import { formatWatermarkStep, parseWatermarkStep, WATERMARK_LINE_MAX } from '../wire/watermark-line.js';

const FILE_BYTES_MAX = 64 * 2 ** 20;
const REWRITE_BYTES = 2 ** 20;

/** How a watermark file is kept. */
export interface WatermarkFileOptions {
  /** `durable` [default] survives a power cut (fdatasync per step); `written` survives the death of the process only. */
  readonly durability?: 'durable' | 'written';
}

/** A file that keeps the watermark. One process at a time may have it open. */
export interface WatermarkFile extends OpenedJournal {
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens or makes a watermark journal in one file of checksummed lines. A torn last line is dropped: its command was never
 * accepted. Damage before the end rejects with `JOURNAL_UNREADABLE`, nothing is repaired silently.
 */
export async function openWatermarkFile(path: string, options: WatermarkFileOptions = {}): Promise<WatermarkFile> {
  const limits = resolveReplayOptions().watermark;
  const mark = new Watermark(limits, await readSteps(path));
  const journal = new FileJournal(path, mark, options.durability ?? 'durable');
  await journal.rewrite();
  return { journal, steps: mark.toSteps(), close: () => journal.close() };
}

class FileJournal implements WatermarkJournal {
  readonly #path: string;
  readonly #mark: Watermark;
  readonly #durability: 'durable' | 'written';
  #handle: FileHandle | undefined;
  #bytes = 0;
  #poison: unknown;

  constructor(path: string, mark: Watermark, durability: 'durable' | 'written') {
    this.#path = path;
    this.#mark = mark;
    this.#durability = durability;
  }

  async append(step: WatermarkStep): Promise<void> {
    if (this.#poison !== undefined)
      throw new VerifierError('JOURNAL_POISONED', 'an earlier write failed', this.#poison);
    try {
      await this.#write(lineOf(step));
      this.#mark.apply(step, undefined);
      if (this.#bytes > REWRITE_BYTES) await this.rewrite();
    } catch (cause) {
      this.#poison = cause;
      throw new VerifierError('JOURNAL_POISONED', `cannot write ${this.#path}`, cause);
    }
  }

  /** Puts a file with the fewest lines in place of the present one: temporary file, sync, rename, sync of the folder. */
  async rewrite(): Promise<void> {
    const text = this.#mark.toSteps().map(lineOf).join('');
    const temporary = `${this.#path}.new`;
    const fresh = await open(temporary, 'w', 0o600);
    await fresh.writeFile(text);
    await fresh.sync();
    await rename(temporary, this.#path);
    await syncFolder(dirname(this.#path));
    await this.#handle?.close();
    this.#handle = fresh;
    this.#bytes = Buffer.byteLength(text);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#poison ??= new VerifierError('JOURNAL_POISONED', 'the journal is closed');
    await handle?.close();
  }

  async #write(line: string): Promise<void> {
    if (this.#handle === undefined) throw new VerifierError('JOURNAL_POISONED', 'the journal is closed');
    const { bytesWritten } = await this.#handle.write(line);
    if (bytesWritten !== Buffer.byteLength(line)) throw new VerifierError('JOURNAL_POISONED', 'a short write');
    this.#bytes += bytesWritten;
    if (this.#durability === 'durable') await this.#handle.datasync();
  }
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

function lineOf(step: WatermarkStep): string {
  const text = formatWatermarkStep(step);
  return `${checksum(text)} ${text}\n`;
}

async function readSteps(path: string): Promise<readonly WatermarkStep[]> {
  const text = await readWhole(path);
  const lines = text.split('\n');
  const steps: WatermarkStep[] = [];
  for (const [index, line] of lines.entries()) {
    const step = line.length > WATERMARK_LINE_MAX ? undefined : stepOf(line);
    if (step !== undefined && index < lines.length - 1) steps.push(step);
    // What follows the last newline is empty, or the torn end of a write that was never acknowledged.
    else if (index < lines.length - 1)
      throw new VerifierError('JOURNAL_UNREADABLE', `${path}: line ${index + 1} is damaged`);
  }
  return steps;
}

function stepOf(line: string): WatermarkStep | undefined {
  const text = line.slice(9);
  return line.slice(0, 9) === `${checksum(text)} ` ? parseWatermarkStep(text) : undefined;
}

async function readWhole(path: string): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'a+', 0o600);
  } catch (cause) {
    throw new VerifierError('JOURNAL_UNREADABLE', `cannot open ${path}`, cause);
  }
  try {
    const { size } = await handle.stat();
    if (size > FILE_BYTES_MAX) throw new VerifierError('JOURNAL_UNREADABLE', `${path} is over ${FILE_BYTES_MAX} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
