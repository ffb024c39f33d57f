/** What has been opened so far, and how it is closed: in the reverse order, each once, the first failure told after all. */
export class OpenParts {
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  keep(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  closeAll(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of [...this.#closers].reverse()) await close().catch((cause: unknown) => failures.push(cause));
    if (failures.length > 0) throw failures[0];
  }
}
