import { type MonoClock, monoMs, unixMs, type WallClock } from '../core/time.js';

/** The machine's own clocks. Only hosts construct adapters; libraries take the ports. */
export const systemClock: WallClock & MonoClock = Object.freeze({
  wallMs: () => unixMs(Date.now()),
  monoMs: () => monoMs(performance.now()),
});
