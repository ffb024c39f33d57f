import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { assertNever, err, ok, type Result } from '@esper/std';
import type { CommandDraft, RollbackDirective } from '../../core/adaptation-command.js';
import { CIRCUIT_STATES, COMMAND_TYPES, SEED_OPERATIONS } from '../../core/enums.js';
import type { AdaptationCommand, AdaptationCommandSchema } from './gen/leyline_pb.js';

type CommandInit = MessageInitShape<typeof AdaptationCommandSchema>;
type PayloadInit = NonNullable<CommandInit['payload']>;

/** The protobuf fields of a draft with its identity. Throws `RangeError` for what protobuf cannot say exactly. */
export function protobufFromDraft(
  draft: CommandDraft,
  identity: { readonly commandId: string; readonly issuedAtMs: number },
): CommandInit {
  const { signature: _dropped, ...annotations } = draft.annotations;
  const payload = payloadOf(draft);
  return {
    version: draft.version,
    commandId: identity.commandId,
    commandType: COMMAND_TYPES[draft.commandType],
    targetSeedId: draft.targetSeedId ?? '',
    executionDeadlineMs: draft.executionDeadlineMs ?? 0,
    issuedAt: {
      seconds: BigInt(Math.floor(identity.issuedAtMs / 1000)),
      nanos: (identity.issuedAtMs % 1000) * 1_000_000,
    },
    issuedBy: draft.issuedBy,
    annotations: checkKeys(annotations),
    ...(payload === undefined ? {} : { payload }),
  };
}

function payloadOf(draft: CommandDraft): PayloadInit | undefined {
  const { seedOperation, optimizerAdjustment, circuitBreaker, rollback } = draft;
  if (seedOperation !== undefined) {
    const operation = SEED_OPERATIONS[seedOperation.operation];
    const parameters = floats(seedOperation.parameters);
    return { case: 'seedOperation', value: { operation, blueprintId: seedOperation.blueprintId, parameters } };
  }
  if (optimizerAdjustment !== undefined) {
    const hyperparameters = floats(optimizerAdjustment.hyperparameters);
    return { case: 'optimizerAdjustment', value: { optimizerId: optimizerAdjustment.optimizerId, hyperparameters } };
  }
  if (circuitBreaker !== undefined) {
    const desiredState = CIRCUIT_STATES[circuitBreaker.desiredState];
    return { case: 'circuitBreaker', value: { desiredState, rationale: circuitBreaker.rationale } };
  }
  return rollback === undefined
    ? undefined
    : { case: 'rollbackPayload', value: { tier: rollback.tier, reason: rollback.reason } };
}

/** Rounded to float32, as the schema has it. */
function floats(values: Readonly<Record<string, number>>): Record<string, number> {
  const rounded = Object.entries(checkKeys(values)).map(([key, value]): [string, number] => [key, Math.fround(value)]);
  const bad = rounded.find(([, value]) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`parameter ${JSON.stringify(bad[0])} is no finite float32`);
  return Object.fromEntries(rounded);
}

/** The runtime keeps maps in plain objects, where this key would be lost without a word. */
function checkKeys<Value>(map: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  if (Object.hasOwn(map, '__proto__')) throw new RangeError('the key __proto__ cannot be written');
  return map;
}

/** The draft in a received message, or what does not fit, in words. Unknown fields are not looked at. */
export function draftFromProtobuf(message: AdaptationCommand): Result<CommandDraft, string> {
  const commandType = nameOf(COMMAND_TYPES, message.commandType);
  if (message.version !== 1) return err(`version is ${message.version}, expected 1`);
  if (commandType === undefined) return err(`command_type ${message.commandType} is unknown`);
  const payload = payloadFrom(message.payload);
  if (!payload.ok) return payload;
  return ok({
    version: 1,
    commandType,
    ...(message.targetSeedId === '' ? {} : { targetSeedId: message.targetSeedId }),
    ...payload.value,
    ...(message.executionDeadlineMs === 0 ? {} : { executionDeadlineMs: message.executionDeadlineMs }),
    issuedBy: message.issuedBy,
    annotations: { ...message.annotations },
  });
}

type PayloadFields = Pick<CommandDraft, 'seedOperation' | 'optimizerAdjustment' | 'circuitBreaker' | 'rollback'>;

function payloadFrom(payload: AdaptationCommand['payload']): Result<PayloadFields, string> {
  switch (payload.case) {
    case undefined:
      return ok({});
    case 'seedOperation': {
      const operation = nameOf(SEED_OPERATIONS, payload.value.operation);
      if (operation === undefined) return err(`seed operation ${payload.value.operation} is unknown`);
      const { blueprintId, parameters } = payload.value;
      return finite(parameters, { seedOperation: { operation, blueprintId, parameters: { ...parameters } } });
    }
    case 'optimizerAdjustment': {
      const { optimizerId, hyperparameters } = payload.value;
      return finite(hyperparameters, { optimizerAdjustment: { optimizerId, hyperparameters: { ...hyperparameters } } });
    }
    case 'circuitBreaker': {
      const desiredState = nameOf(CIRCUIT_STATES, payload.value.desiredState);
      if (desiredState === undefined) return err(`circuit state ${payload.value.desiredState} is unknown`);
      return ok({ circuitBreaker: { desiredState, rationale: payload.value.rationale } });
    }
    case 'rollbackPayload':
      return rollbackFrom(payload.value);
    default:
      return assertNever(payload, 'payload of a command');
  }
}

function rollbackFrom({ tier, reason }: JsonObject): Result<PayloadFields, string> {
  if ((tier !== 'fast' && tier !== 'full') || typeof reason !== 'string')
    return err('a rollback payload needs a tier (fast or full) and a reason');
  const rollback: RollbackDirective = { tier, reason };
  return ok({ rollback });
}

const finite = (values: Readonly<Record<string, number>>, fields: PayloadFields): Result<PayloadFields, string> =>
  Object.values(values).every(Number.isFinite) ? ok(fields) : err('a parameter is not finite');

function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, value: number): Name | undefined {
  const names = Object.keys(table) as Name[];
  return names.find((name) => table[name] === value);
}
