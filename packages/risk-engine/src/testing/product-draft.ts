import type {
  BlueprintDescriptor,
  BlueprintTier,
  CircuitState,
  CommandDraft,
  CommandType,
  SafetySheet,
  SeedOperationKind,
} from '@esper/leyline';
import { vectorNumber } from './python-text.js';
import type { Scenario, VectorCommand } from './vector-line.js';

const withoutPrefix = (text: string | undefined, prefix: string): string =>
  text?.startsWith(prefix) === true ? text.slice(prefix.length) : 'UNKNOWN';

/** A message of the recording, renamed where it is there. */
const renamed = <From, To>(given: From | undefined, rename: (given: From) => To): To | Record<string, never> =>
  given === undefined ? {} : rename(given);

type Payloads = Pick<CommandDraft, 'seedOperation' | 'optimizerAdjustment' | 'circuitBreaker' | 'rollback'>;

const payloadsOf = (command: VectorCommand): Payloads => ({
  ...renamed(command.seedOperation, ({ operation, blueprintId = '' }) => ({
    seedOperation: {
      operation: withoutPrefix(operation, 'SEED_OP_') as SeedOperationKind,
      blueprintId,
      parameters: {},
    },
  })),
  ...renamed(command.optimizerAdjustment, ({ optimizerId = '', hyperparameters = {} }) => ({
    optimizerAdjustment: { optimizerId, hyperparameters },
  })),
  ...renamed(command.circuitBreaker, ({ desiredState, rationale = '' }) => ({
    circuitBreaker: { desiredState: withoutPrefix(desiredState, 'CIRCUIT_STATE_') as CircuitState, rationale },
  })),
  ...renamed(command.rollbackPayload, () => ({ rollback: { tier: 'full', reason: '' } as const })),
});

/** The recorded command as the policy would propose it. */
export const draftOf = ({ command, type }: Pick<Scenario, 'command' | 'type'>): CommandDraft => ({
  version: 1,
  commandType: withoutPrefix(type, 'COMMAND_') as CommandType,
  ...renamed(command.targetSeedId, (targetSeedId) => ({ targetSeedId })),
  ...payloadsOf(command),
  issuedBy: 'tamiyo',
  annotations: command.annotations ?? {},
});

const TIERS: readonly string[] = ['SAFE', 'EXPERIMENTAL', 'HIGH_RISK'];

function tierOf(tier: string | undefined): BlueprintTier {
  const name = withoutPrefix(tier, 'BLUEPRINT_TIER_');
  return TIERS.includes(name) ? (name as BlueprintTier) : 'UNKNOWN';
}

/** The sheet with its words as they came: what is in no list must reach the engine. */
function sheetOf(given: Readonly<Record<string, unknown>>): SafetySheet {
  const names = {
    hazard_band: 'hazardBand',
    handling_class: 'handlingClass',
    resource_profile: 'resourceProfile',
    provenance: 'provenance',
  };
  const texts = Object.entries(names).flatMap(([from, to]) => (Object.hasOwn(given, from) ? [[to, given[from]]] : []));
  const score = given['risk_score'];
  return {
    ...Object.fromEntries(texts),
    ...(score === undefined ? {} : { riskScore: vectorNumber(score) }),
    signature: 'unchecked',
  } as SafetySheet;
}

/** The recorded blueprint as the catalogue would describe it. */
export function descriptorOf(given: NonNullable<Scenario['blueprint']>): BlueprintDescriptor {
  return {
    blueprintId: 'bp',
    name: '',
    tier: tierOf(given.tier),
    risk: vectorNumber(given.risk ?? 0),
    stage: given.stage ?? 0,
    quarantineOnly: given.quarantine_only === true,
    approvalRequired: given.approval_required === true,
    description: '',
    allowedParameters: {},
    ...(given.bsds === undefined ? {} : { sheet: sheetOf(given.bsds) }),
  };
}
