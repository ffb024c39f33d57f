import { RegistryError } from '../errors.js';
import type { BundleSource } from '../ports.js';

/** A bundle whose files are in memory, for example out of an archive. `location` is for messages. */
export function memoryBundle(files: ReadonlyMap<string, Uint8Array>, location: string): BundleSource {
  return {
    location,
    names: async () => [...files.keys()],
    read: async (name, bytesMax) => {
      const bytes = files.get(name);
      if (bytes === undefined || bytes.byteLength <= bytesMax) return bytes;
      throw new RegistryError('BUNDLE_FILE_TOO_LARGE', `${name} has ${bytes.byteLength} bytes, at most ${bytesMax}`);
    },
  };
}
