import type { BlendConfig } from '@esper/policy';
import type { ResolvedConfig } from '../config/resolve.js';

/** How seeds are blended, as configured. Without the operator's word the policy chooses among the modes that can be served. */
export const blendSettings = ({ values, sources }: ResolvedConfig): Partial<BlendConfig> => ({
  enabled: values['blend.annotationsEnabled'],
  gateK: values['blend.gateK'],
  gateTau: values['blend.gateTau'],
  alphaLo: values['blend.alphaLo'],
  alphaHi: values['blend.alphaHi'],
  alphaVecMax: values['blend.alphaVecMax'],
  ...(sources['blend.modeDefault'] === 'default' ? {} : { mode: values['blend.modeDefault'] }),
});
