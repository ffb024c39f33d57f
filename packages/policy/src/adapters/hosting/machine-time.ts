function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** `performance.now` counts the same clock from the start of its own thread, and is several times as quick to read. */
const BEGAN_AT_MS = hrtimeMs() - performance.now();

/** Milliseconds by the machine's monotonic clock, which all its processes and threads read alike. */
export const machineMs = (): number => BEGAN_AT_MS + performance.now();

/** How long ago that was; 0 for what is no time in the past. */
export const machineMsSince = (atMs: number): number => Math.max(0, machineMs() - atMs) || 0;
