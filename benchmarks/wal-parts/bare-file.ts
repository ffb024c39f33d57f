import * as fs from 'node:fs';

/** The least that a durable append can be: one asynchronous write and one fdatasync, through the same functions. */
export class BareFile {
  readonly #fd: number;
  #at = 0;

  constructor(path: string) {
    this.#fd = fs.openSync(path, 'w');
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.write(this.#fd, bytes, 0, bytes.length, this.#at, (failed) => {
        if (failed !== null) return reject(failed);
        this.#at += bytes.length;
        fs.fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
      });
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
