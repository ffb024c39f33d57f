import { type FileHandle, open } from 'node:fs/promises';
import { TamiyoError } from '../errors.js';

export interface InputFileWish {
  /** What it should hold, for the error: `the command`, `the log`. */
  readonly what: string;
  /** A longer file is refused before it is read. */
  readonly bytesMax: number;
}

/** The bytes of a file that a command line names. Throws `INPUT_UNREADABLE` with the path, and with what is wrong as its cause. */
export async function readInputFile(path: string, { what, bytesMax }: InputFileWish): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      const found = await handle.stat();
      if (found.isFile() && found.size > bytesMax) throw tooLong(String(found.size), bytesMax);
      return found.isFile() ? await handle.readFile() : await readStream(handle, bytesMax);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new TamiyoError('INPUT_UNREADABLE', `cannot read ${what} in ${path}`, { cause });
  }
}

/** A pipe does not say how long it is. */
async function readStream(handle: FileHandle, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of handle.createReadStream({ end: bytesMax, autoClose: false })) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length > bytesMax) throw tooLong(`more than ${bytesMax}`, bytesMax);
  return bytes;
}

const tooLong = (bytes: string, bytesMax: number): RangeError =>
  new RangeError(`${bytes} bytes, at most ${bytesMax} are read`);
