import { PythonRaise, toFloat, toInt } from './python-values.js';

/** The prototype's blend settings as it reads them from the environment. */
export interface PrototypeSettings {
  readonly enabled: boolean;
  readonly mode: string;
  readonly gateK: number;
  readonly gateTau: number;
  readonly alphaLo: number;
  readonly alphaHi: number;
  readonly vectorMax: number;
}

/** `undefined` when one value cannot be read: the prototype then drops all blend annotations. */
export function prototypeSettings(env: Readonly<Record<string, string>>): PrototypeSettings | undefined {
  const number = (key: string, preset: number) => (env[key] === undefined ? preset : toFloat(env[key]));
  try {
    return {
      enabled: truth(env['TAMIYO_ENABLE_BLEND_MODE_ANN'] ?? 'false'),
      mode: (env['TAMIYO_BLEND_MODE_DEFAULT'] || 'CONVEX').toUpperCase(),
      gateK: number('TAMIYO_BLEND_CONF_GATE_K', 1),
      gateTau: number('TAMIYO_BLEND_CONF_GATE_TAU', 1),
      alphaLo: number('TAMIYO_BLEND_ALPHA_LO', 0),
      alphaHi: number('TAMIYO_BLEND_ALPHA_HI', 1),
      vectorMax: toInt(env['TAMIYO_BLEND_ALPHA_VEC_MAX'] ?? '64'),
    };
  } catch (error) {
    if (error instanceof PythonRaise) return undefined;
    throw error;
  }
}

function truth(text: string): boolean {
  if (/^(1|true|t|yes|y|on)$/i.test(text)) return true;
  if (/^(0|false|f|no|n|off)$/i.test(text)) return false;
  throw new PythonRaise(`no truth value: ${text}`);
}
