export { type Host, type HostSetup, openHost } from './compose.js';
export { type ResolvedConfig, resolveConfig } from './config/resolve.js';
export { DEMO_KEY_ID, type DemoFiles, prepareDemoFiles } from './demo/demo-files.js';
export type { DecisionEngine } from './engine.js';
export { DecisionError, TAMIYO_ERRORS, TamiyoError, type TamiyoErrorCode } from './errors.js';
export type { Delivered } from './stages/stages.js';
