import { type AdaptationCommand, SCHEDULE_SHAPES, type ScheduleShape } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { RefusalCode } from '../errors.js';
import { type BlendChoice, readBlend } from './blend-mode.js';
import { type BlueprintId, isBlueprintId } from './blueprints.js';
import { HOST_PARAMETERS } from './network.js';
import type { SeedModule } from './trainer-state.js';

/** A SEED command that asks for something this executor can do. */
export type SeedOrder =
  | { readonly kind: 'cull'; readonly seedId: string }
  | {
      readonly kind: 'germinate';
      readonly seedId: string;
      readonly blueprintId: BlueprintId;
      readonly blend: BlendChoice;
      readonly window: SeedModule['window'];
    };

/** The most host layers one command may name. */
const MESH_LAYERS_MAX = 128;
const KNOWN_LAYERS: ReadonlySet<string> = new Set(HOST_PARAMETERS);

function listedNames(text: string): readonly string[] | undefined {
  if (!text.trim().startsWith('[')) return text.split(',');
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((name) => typeof name === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The host layers a command names: a JSON list of text or a comma list, trimmed, each once. */
function readMeshLayers(annotations: Readonly<Record<string, string>>): Result<readonly string[], RefusalCode> {
  const text = annotations['mesh_host_layers'] ?? annotations['mesh_layers'];
  if (text === undefined) return err('missing_mesh_layers');
  const names = [...new Set(listedNames(text)?.map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0 || names.length > MESH_LAYERS_MAX) return err('invalid_mesh_layers');
  return names.every((name) => KNOWN_LAYERS.has(name)) ? ok(names) : err('unknown_mesh_layer');
}

const asShape = (name: string | undefined): ScheduleShape | undefined =>
  SCHEDULE_SHAPES.find((shape) => shape === name);

function readShape(
  command: AdaptationCommand,
  parameters: Readonly<Record<string, number>>,
): ScheduleShape | undefined {
  const typed = command.decision?.blend?.shape;
  if (typed !== undefined) return typed;
  const named = command.annotations['blending_method'];
  if (named !== undefined) return asShape(named);
  const index = parameters['blending_method_index'];
  return index === undefined ? 'linear' : SCHEDULE_SHAPES[index];
}

/** A window that can be followed: 0 ≤ start ≤ end ≤ 1. NaN fails every comparison. */
const isWindow = (start: number, end: number): boolean => start >= 0 && start <= end && end <= 1;

/** The blend window: the typed schedule, else the parameters, else the whole training time. */
function readWindow(command: AdaptationCommand): Result<SeedModule['window'], RefusalCode> {
  const parameters = command.seedOperation?.parameters ?? {};
  const { blending_schedule_start: from = 0, blending_schedule_end: to = 1, alpha: firstAlpha = 0 } = parameters;
  const { scheduleStart: start = from, scheduleEnd: end = to } = command.decision?.blend ?? {};
  const shape = readShape(command, parameters);
  return shape !== undefined && isWindow(start, end) ? ok({ shape, start, end, firstAlpha }) : err('invalid_schedule');
}

/** The first thing that keeps a SEED command from being read at all, in the order the checks are documented. */
function missingPart(command: AdaptationCommand): RefusalCode | undefined {
  if (command.seedOperation === undefined) return 'missing_seed_operation';
  if ((command.targetSeedId ?? '').trim() === '') return 'missing_seed_id';
  if (command.seedOperation.blueprintId.trim() === '') return 'missing_blueprint_id';
  if ((command.annotations['training_run_id'] ?? '').trim() === '') return 'missing_training_run_id';
  return Object.values(command.seedOperation.parameters).every(Number.isFinite) ? undefined : 'invalid_parameter';
}

function readGermination(command: AdaptationCommand): Result<SeedOrder, RefusalCode> {
  const blueprintId = command.seedOperation?.blueprintId ?? '';
  const mesh = readMeshLayers(command.annotations);
  if (!mesh.ok) return mesh;
  if (!isBlueprintId(blueprintId)) return err('unknown_blueprint');
  const blend = readBlend(command.decision?.blend?.mode, command.annotations);
  if (!blend.ok) return blend;
  const window = readWindow(command);
  if (!window.ok) return window;
  const seedId = command.targetSeedId ?? '';
  return ok({ kind: 'germinate', seedId, blueprintId, blend: blend.value, window: window.value });
}

/** What a SEED command orders, or the first reason why it can not be followed. */
export function readSeedCommand(command: AdaptationCommand): Result<SeedOrder, RefusalCode> {
  const missing = missingPart(command);
  if (missing !== undefined) return err(missing);
  switch (command.seedOperation?.operation) {
    case 'GERMINATE':
      return readGermination(command);
    case 'CULL':
    case 'CANCEL':
      return ok({ kind: 'cull', seedId: command.targetSeedId ?? '' });
    default:
      return err('unsupported_seed_operation');
  }
}
