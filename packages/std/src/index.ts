export type { Branded } from './core/brand.js';
export {
  CodedError,
  type CodedErrorOptions,
  type ErrorEntry,
  type ErrorTable,
  isCodedError,
} from './core/coded-error.js';
export { assertNever, InvariantError, invariant } from './core/invariant.js';
export { err, ok, type Result } from './core/result.js';
export {
  addMs,
  elapsedMs,
  type MonoClock,
  type MonoMs,
  monoMs,
  type UnixMs,
  unixMs,
  type WallClock,
} from './core/time.js';
