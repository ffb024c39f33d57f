import { BLEND_MODES, type BlendMode, type CommandDraft } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { BLEND_SOURCES } from './blend-mode.js';
import { type BlendReason, type BlendViolation, blendViolation } from './blend-violation.js';
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
  const present = ['blend_mode_source', ...CONFIDENCE_KEYS, ...CHANNEL_KEYS].some((key) => key in annotations);
  if (mode === undefined) return present ? blendViolation('blend annotations without blend_mode') : undefined;
  if (commandType !== 'SEED') return blendViolation('blend annotations on a command that is not SEED', { commandType });
  if (!isMode(mode)) return blendViolation('blend mode unknown', { mode });
  const source = annotations['blend_mode_source'] ?? '';
  if (!(BLEND_SOURCES as readonly string[]).includes(source))
    return blendViolation('blend mode source invalid', { source });
  if (decision?.blend !== undefined && (decision.blend.mode !== mode || decision.blend.source !== source)) {
    return blendViolation('blend metadata disagrees with annotations', { mode: decision.blend.mode ?? 'none' });
  }
  return payloadViolation(mode, annotations);
}

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

function confidenceViolation(annotations: Annotations): Outcome {
  const text = annotations['confidence_logits'];
  if (text === undefined || text.trim() === '' || annotations['confidence_logits_required'] !== 'true') {
    return blendViolation('confidence blend missing confidence_logits');
  }
  const logits = finiteList(text);
  if (logits === undefined || logits.length === 0 || logits.length > LOGITS_MAX) {
    return blendViolation(
      'confidence blend invalid confidence_logits',
      logits === undefined ? {} : { length: logits.length, limit: LOGITS_MAX },
    );
  }
  const gate = (['gate_k', 'gate_tau'] as const).find((key) => !(decimal(annotations[key]) >= 0));
  if (gate !== undefined)
    return blendViolation(`confidence blend invalid ${gate}` satisfies BlendReason, given(annotations, gate));
  const [lo, hi] = [decimal(annotations['alpha_lo']), decimal(annotations['alpha_hi'])];
  const ordered = lo >= 0 && lo <= hi && hi <= 1;
  return ordered
    ? undefined
    : blendViolation('confidence blend invalid alpha bounds', {
        ...given(annotations, 'alpha_lo'),
        ...given(annotations, 'alpha_hi'),
      });
}

function channelViolation(annotations: Annotations): Outcome {
  const text = annotations['alpha_vec'];
  if (text === undefined || text.trim() === '') return blendViolation('channel blend missing alpha_vec');
  const vector = finiteList(text);
  if (vector === undefined || vector.length === 0) return blendViolation('channel blend invalid alpha_vec');
  if (vector.length > ALPHA_VEC_LIMIT) {
    return blendViolation('channel blend alpha_vec exceeds limit', { length: vector.length, limit: ALPHA_VEC_LIMIT });
  }
  if (text.length > ALPHA_VEC_LENGTH_MAX || vector.some((value) => value < 0 || value > 1)) {
    return blendViolation('channel blend invalid alpha_vec');
  }
  const length = annotations['alpha_vec_len'];
  if (length === undefined || !/^\d{1,9}$/.test(length)) return blendViolation('channel blend invalid alpha_vec_len');
  return Number(length) === vector.length
    ? undefined
    : blendViolation('channel blend alpha_vec length mismatch', { expected: Number(length), actual: vector.length });
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
