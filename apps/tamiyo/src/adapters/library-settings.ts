import type { Config } from '../config/knobs.js';
import type { SparedLibraryLimits } from './spared-library.js';

/** When a library that does not answer is left alone, and for how long, as configured. */
export const librarySettings = (
  config: Pick<Config, 'library.abandonedMax' | 'library.forgetAfterMs'>,
): SparedLibraryLimits => ({
  abandonedMax: config['library.abandonedMax'],
  forgetAfterMs: config['library.forgetAfterMs'],
});
