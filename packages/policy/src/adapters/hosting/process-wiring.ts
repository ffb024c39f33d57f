import { TENSOR_BYTES_MAX } from './tensor-frame.js';

/** Where the child says why it dies. */
export const STDERR_FD = 2;
/** The child's end of the pipe that frames travel on. */
export const CHANNEL_FD = 3;
/** A pipe that carries nothing: it closes when the parent is gone. */
export const LIFELINE_FD = 4;
/** The most bytes of a model and its load request. */
export const LOAD_BYTES_MAX = 1024 * 1024 * 1024;
/** The most bytes of a reply. */
export const REPLY_BYTES_MAX = TENSOR_BYTES_MAX;
