/** What has been opened so far, and how it is closed: in the reverse order, each once, the first failure told after all. */
export class OpenParts {
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;
  #closed = false;

  keep(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  get state(): 'serving' | 'closing' | 'closed' {
    if (this.#closed) return 'closed';
    return this.#closing === undefined ? 'serving' : 'closing';
  }

  closeAll(): Promise<void> {
    this.#closing ??= this.#closeAll().finally(() => {
      this.#closed = true;
    });
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of [...this.#closers].reverse()) await close().catch((cause: unknown) => failures.push(cause));
    if (failures.length > 0) throw failures[0];
  }
}
