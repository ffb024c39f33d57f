import type { CommandDraft, SystemStatePacket } from '@esper/leyline';
import { ok, type Result } from '@esper/std';
import { isBlank } from '../observe/blank.js';
import { PLACEHOLDER_IDS } from '../observe/blueprint-candidates.js';
import {
  type DependencyContext,
  type DependencyViolation,
  ensurePresent,
  verifyRegistryEntry,
} from './dependency-violation.js';
import { meshReason } from './mesh-layers.js';

export interface GuardContext {
  readonly packet: SystemStatePacket;
  /** Every blueprint the catalogue knows now. */
  readonly knownBlueprintIds: ReadonlySet<string>;
  /** Lets a blueprint pass that the catalogue does not know (DG-09 alone); everything else stays refused. Default false. */
  readonly unknownBlueprintAllowed?: boolean;
}

type Check = () => Result<void, DependencyViolation>;

/**
 * Whether a command has all it depends on: asked of the *policy's* command, before the risk engine may downgrade or pause
 * it, so that a missing id cannot hide (DG-07). First failure wins; the order is part of the contract (DG-06).
 */
export function guard(draft: CommandDraft, context: GuardContext): Result<CommandDraft, DependencyViolation> {
  const checks = [runCheck(context), ...(draft.commandType === 'SEED' ? seedChecks(draft, context) : [])];
  for (const check of checks) {
    const outcome = check();
    if (!outcome.ok) return outcome;
  }
  return ok(draft);
}

function runCheck({ packet }: GuardContext): Check {
  const id = packet.trainingRunId;
  const dependency: DependencyContext = {
    dependencyType: 'training_run',
    identifier: id,
    details: { packet_id: packet.packetId },
  };
  return () => ensurePresent(!isBlank(id) && !PLACEHOLDER_IDS.has(id), dependency, 'packet missing training_run_id');
}

function seedChecks(draft: CommandDraft, context: GuardContext): Check[] {
  const seedId = draft.targetSeedId ?? '';
  const blueprintId = draft.seedOperation?.blueprintId ?? '';
  const details = {
    command_id: '<unset>',
    packet_id: context.packet.packetId,
    training_run_id: context.packet.trainingRunId,
  };
  const operation: DependencyContext = {
    dependencyType: 'seed_operation',
    identifier: '',
    details: { ...details, command_type: draft.commandType },
  };
  const seed: DependencyContext = { dependencyType: 'seed', identifier: seedId, details };
  const blueprint: DependencyContext = {
    dependencyType: 'blueprint',
    identifier: blueprintId,
    details: { ...details, seed_id: seedId },
  };
  return [
    () => ensurePresent(draft.seedOperation !== undefined, operation, 'seed command missing seed_operation'),
    () => ensurePresent(!isBlank(seedId), seed, 'seed command missing target_seed_id'),
    () => ensurePresent(!isBlank(blueprintId), blueprint, 'seed operation missing blueprint_id'),
    () => ensurePresent(!isMadeUp(blueprintId, context), blueprint, 'seed operation names a placeholder blueprint_id'),
    () => verifyRegistryEntry(seed, (id) => context.packet.seedStates.some((state) => state.seedId === id)),
    () =>
      verifyRegistryEntry(
        blueprint,
        (id) => context.unknownBlueprintAllowed === true || context.knownBlueprintIds.has(id),
      ),
    ...meshChecks(draft, details),
  ];
}

/** A sentinel, or the packet's own id in the place of a blueprint's (D-26). */
const isMadeUp = (blueprintId: string, { packet, knownBlueprintIds }: GuardContext): boolean =>
  PLACEHOLDER_IDS.has(blueprintId) || (blueprintId === packet.packetId && !knownBlueprintIds.has(blueprintId));

/** The executing side refuses a graft that does not say which host layers it meshes with; culls and cancels need none. */
function meshChecks(draft: CommandDraft, details: Readonly<Record<string, string>>): Check[] {
  const operation = draft.seedOperation?.operation;
  if (operation === 'CULL' || operation === 'CANCEL') return [];
  const dependency: DependencyContext = {
    dependencyType: 'mesh_host_layers',
    identifier: draft.seedOperation?.blueprintId ?? '',
    details,
  };
  return [
    () => {
      const reason = meshReason(draft.annotations['mesh_host_layers']);
      return ensurePresent(reason === undefined, dependency, reason ?? '');
    },
  ];
}
