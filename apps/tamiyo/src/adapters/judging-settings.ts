import type { ResolvedConfig } from '../config/resolve.js';

const JUDGING = /^(profile$|risk\.|blend\.)/;

/** The settings that say how a command is judged and blended, where somebody set them. None of them is a secret. */
export const judgingSettings = ({ values, sources }: ResolvedConfig): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(values).filter(([key]) => JUDGING.test(key) && sources[key as keyof typeof sources] !== 'default'),
  );
