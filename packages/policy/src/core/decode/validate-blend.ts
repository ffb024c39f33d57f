import { BLEND_MODES, type BlendMode, type CommandDraft } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { BLEND_SOURCES } from './blend-mode.js';
import { type BlendViolation, blendViolation } from './blend-violation.js';
import { ALPHA_VEC_LIMIT } from './decode-config.js';

const CONFIDENCE_KEYS = [
  'gate_k',
  'gate_tau',
  'alpha_lo',
  'alpha_hi',
  'confidence_logits_required',
  'confidence_logits',
];
const CHANNEL_KEYS = ['alpha_vec', 'alpha_vec_len'];
const LOGITS_MAX = 64;
/** Looked at before parsing. */
const JSON_LENGTH_MAX = 16_384;
/** An `alpha_vec` text longer than this is refused by the executing side. */
const ALPHA_VEC_LENGTH_MAX = 1024;

type Annotations = Readonly<Record<string, string>>;
type Outcome = BlendViolation | undefined;

/**
 * What the executing side would refuse, refused here first (BL-10), and what it would silently bend: unknown modes, lying
 * sources, reversed bounds, stale keys. The command is not changed.
 */
export function validateBlend(command: CommandDraft): Result<void, BlendViolation> {
  const violation = violationOf(command);
  return violation === undefined ? ok(undefined) : err(violation);
}

function violationOf({ commandType, annotations, decision }: CommandDraft): Outcome {
  const mode = annotations['blend_mode'];
  if (mode === undefined) return strayViolation(annotations);
  if (commandType !== 'SEED') return blendViolation('blend annotations on a command that is not SEED', { commandType });
  if (!isMode(mode)) return blendViolation('blend mode unknown', { mode });
  const source = annotations['blend_mode_source'] ?? '';
  if (!(BLEND_SOURCES as readonly string[]).includes(source)) {
    return blendViolation('blend mode source invalid', { source });
  }
  const typed = decision?.blend;
  if (typed !== undefined && (typed.mode !== mode || typed.source !== source)) {
    return blendViolation('blend metadata disagrees with annotations', { mode: typed.mode ?? 'none' });
  }
  return payloadViolation(mode, annotations);
}

/** Without a mode there must be nothing that belongs to one. */
const strayViolation = (annotations: Annotations): Outcome =>
  ['blend_mode_source', ...CONFIDENCE_KEYS, ...CHANNEL_KEYS].some((key) => key in annotations)
    ? blendViolation('blend annotations without blend_mode')
    : undefined;

const isMode = (mode: string): mode is BlendMode => (BLEND_MODES as readonly string[]).includes(mode);

function payloadViolation(mode: BlendMode, annotations: Annotations): Outcome {
  if (mode !== 'CONFIDENCE' && CONFIDENCE_KEYS.some((key) => key in annotations)) {
    return blendViolation('confidence annotations outside a confidence blend', { mode });
  }
  if (mode !== 'CHANNEL' && CHANNEL_KEYS.some((key) => key in annotations)) {
    return blendViolation('channel annotations outside a channel blend', { mode });
  }
  if (mode === 'CONFIDENCE') return confidenceViolation(annotations);
  return mode === 'CHANNEL' ? channelViolation(annotations) : undefined;
}

const confidenceViolation = (annotations: Annotations): Outcome =>
  logitsViolation(annotations) ?? gateViolation(annotations);

function logitsViolation(annotations: Annotations): Outcome {
  const text = annotations['confidence_logits'] ?? '';
  if (text.trim() === '' || annotations['confidence_logits_required'] !== 'true') {
    return blendViolation('confidence blend missing confidence_logits');
  }
  const logits = finiteList(text);
  if (logits === undefined) return blendViolation('confidence blend invalid confidence_logits');
  const length = logits.length;
  if (length >= 1 && length <= LOGITS_MAX) return undefined;
  return blendViolation('confidence blend invalid confidence_logits', { length, limit: LOGITS_MAX });
}

function gateViolation(annotations: Annotations): Outcome {
  const gate = (['gate_k', 'gate_tau'] as const).find((key) => !(decimal(annotations[key]) >= 0));
  if (gate !== undefined) return blendViolation(`confidence blend invalid ${gate}`, given(annotations, gate));
  const [lo, hi] = [decimal(annotations['alpha_lo']), decimal(annotations['alpha_hi'])];
  if (lo >= 0 && lo <= hi && hi <= 1) return undefined;
  return blendViolation('confidence blend invalid alpha bounds', {
    ...given(annotations, 'alpha_lo'),
    ...given(annotations, 'alpha_hi'),
  });
}

function channelViolation(annotations: Annotations): Outcome {
  const text = annotations['alpha_vec'] ?? '';
  if (text.trim() === '') return blendViolation('channel blend missing alpha_vec');
  const vector = finiteList(text) ?? [];
  if (vector.length > ALPHA_VEC_LIMIT) {
    return blendViolation('channel blend alpha_vec exceeds limit', { length: vector.length, limit: ALPHA_VEC_LIMIT });
  }
  const inRange = vector.every((value) => value >= 0 && value <= 1);
  if (vector.length === 0 || !inRange || text.length > ALPHA_VEC_LENGTH_MAX) {
    return blendViolation('channel blend invalid alpha_vec');
  }
  return lengthViolation(annotations['alpha_vec_len'] ?? '', vector.length);
}

function lengthViolation(text: string, actual: number): Outcome {
  if (!/^\d{1,9}$/.test(text)) return blendViolation('channel blend invalid alpha_vec_len');
  if (Number(text) === actual) return undefined;
  return blendViolation('channel blend alpha_vec length mismatch', { expected: Number(text), actual });
}

/** A JSON list of finite numbers, or nothing. */
function finiteList(text: string): readonly number[] | undefined {
  if (text.length > JSON_LENGTH_MAX) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const numbers =
      Array.isArray(parsed) && parsed.every((entry) => typeof entry === 'number' && Number.isFinite(entry));
    return numbers ? (parsed as number[]) : undefined;
  } catch {
    return undefined; // Not JSON: the caller refuses it by name.
  }
}

/** A plain decimal number; anything else is NaN, which fails every comparison. */
const decimal = (text: string | undefined): number =>
  text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;

const given = (annotations: Annotations, key: string): Record<string, string> => ({
  [key]: (annotations[key] ?? '<absent>').slice(0, 64),
});
