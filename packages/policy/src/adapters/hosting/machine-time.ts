/** Milliseconds by the machine's monotonic clock, which all its processes and threads read alike. */
export function machineMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** How long ago that was; 0 for what is no time in the past. */
export const machineMsSince = (atMs: number): number => Math.max(0, machineMs() - atMs) || 0;
