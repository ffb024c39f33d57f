import { DECISION_KNOBS } from './decision-knobs.js';
import { HTTP_KNOBS } from './http-knobs.js';
import { KEEPING_KNOBS } from './keeping-knobs.js';
import type { Knob } from './knob.js';
import { POLICY_KNOBS } from './policy-knobs.js';
import { RISK_KNOBS } from './risk-knobs.js';
import { SHARING_KNOBS } from './sharing-knobs.js';

export type { Knob } from './knob.js';

/**
 * Every configuration value of the host, by its dotted key. The prototype's names are kept as environment names; values
 * that did nothing there are gone or made to work (see `retired-variables.ts`).
 */
export const KNOBS = {
  ...DECISION_KNOBS,
  ...RISK_KNOBS,
  ...KEEPING_KNOBS,
  ...POLICY_KNOBS,
  ...HTTP_KNOBS,
  ...SHARING_KNOBS,
} as const;

export type ConfigKey = keyof typeof KNOBS;
type ValueOf<K> = K extends Knob<infer T> ? T : never;

/** The configuration in force: every value resolved, checked and frozen. */
export type Config = { readonly [K in ConfigKey]: ValueOf<(typeof KNOBS)[K]> };
