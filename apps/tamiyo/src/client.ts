export type { ClientOptions } from './client/client-options.js';
export { type ClientFailure, describeFailure } from './client/failure.js';
export {
  type AskOptions,
  type ClientParts,
  type CommandGate,
  createTamiyoClient,
  type TamiyoClient,
  type VerifiedDecision,
} from './client/tamiyo-client.js';
