import { isBlank } from '../observe/blank.js';

/** Most host layers one graft may mesh with; the executing side takes no more. */
const MESH_LAYERS_MAX = 128;

/** The names as the annotation carries them: a JSON list. */
export const meshAnnotation = (layers: readonly string[]): string => JSON.stringify(layers);

/** Why a `mesh_host_layers` annotation would be refused, in the consumer's words; `undefined` when it would not. */
export function meshReason(text: string | undefined): string | undefined {
  if (text === undefined || isBlank(text)) return 'missing_mesh_layers';
  const names = listOf(text);
  if (names === undefined) return 'mesh_layers_not_list';
  if (names.length === 0) return 'mesh_layers_empty';
  const whole = names.every((name) => typeof name === 'string' && !isBlank(name));
  return whole && names.length <= MESH_LAYERS_MAX && new Set(names).size === names.length
    ? undefined
    : 'invalid_mesh_layers';
}

function listOf(text: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined; // Not JSON is "not a list" to the caller, who says so.
  }
}
