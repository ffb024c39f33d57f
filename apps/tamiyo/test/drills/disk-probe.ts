import { type FileHandle, open } from 'node:fs/promises';
import { percentile, round } from './soak-figures.js';

/** A stretch in which the disk took one small write. */
interface Sync {
  readonly fromMs: number;
  readonly toMs: number;
}

const PAUSE_MS = 20;
const BYTES = new Uint8Array(4096);

/**
 * A bare write and `fdatasync` on the host's disk, again and again beside it: what the disk itself took. A disk that stands still
 * for longer than a decision may last fails every decision, as it must, and says nothing about the host.
 */
export class DiskProbe {
  readonly #file: FileHandle;
  readonly #stallMs: number;
  readonly #tookMs: number[] = [];
  readonly #stalls: Sync[] = [];
  #isStopped = false;
  readonly #running: Promise<void>;

  private constructor(file: FileHandle, stallMs: number) {
    this.#file = file;
    this.#stallMs = stallMs;
    this.#running = this.#run();
  }

  /** `stallMs`: from this long on, a sync is a stall. */
  static async start(path: string, stallMs: number): Promise<DiskProbe> {
    return new DiskProbe(await open(path, 'w'), stallMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await this.#file.close();
  }

  /** Whether the disk stood still at some time between the two, by `performance.now`, or had less than `afterMs` before. */
  stoodStill(fromMs: number, toMs: number, afterMs: number): boolean {
    return this.#stalls.some((stall) => stall.fromMs < toMs && stall.toMs + afterMs > fromMs);
  }

  figures() {
    return {
      syncs: this.#tookMs.length,
      stalls: this.#stalls.length,
      stallMs: this.#stallMs,
      p50Ms: round(percentile(this.#tookMs, 0.5)),
      p99Ms: round(percentile(this.#tookMs, 0.99)),
      maxMs: round(Math.max(0, ...this.#tookMs)),
    };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const fromMs = performance.now();
      await this.#file.write(BYTES, 0, BYTES.byteLength, 0);
      await this.#file.datasync();
      const toMs = performance.now();
      this.#tookMs.push(toMs - fromMs);
      if (toMs - fromMs >= this.#stallMs) this.#stalls.push({ fromMs, toMs });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
