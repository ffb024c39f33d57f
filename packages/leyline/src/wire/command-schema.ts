import { z } from 'zod';
import type {
  AdaptationCommand,
  CircuitBreakerCommand,
  CommandDraft,
  CommandIdentity,
  OptimizerAdjustment,
  RollbackDirective,
  SeedOperation,
} from '../core/adaptation-command.js';
import { CIRCUIT_STATES, COMMAND_TYPES, SEED_OPERATIONS } from '../core/enums.js';
import { decisionMetadataSchema } from './decision-metadata-schema.js';
import { LIMITS } from './limits.js';
import {
  annotations,
  fact,
  mapOf,
  name,
  nameOf,
  record,
  type Shape,
  text,
  versionOne,
  whole,
  word,
} from './schema-parts.js';

const facts = mapOf(fact(), LIMITS.allowedParametersMax);

const seedOperation = record<SeedOperation>({
  operation: nameOf(SEED_OPERATIONS),
  // CULL and CANCEL name no blueprint.
  blueprintId: text(LIMITS.nameCharsMax),
  parameters: facts,
});

const draftShape: Shape<CommandDraft> = {
  version: versionOne,
  commandType: nameOf(COMMAND_TYPES),
  targetSeedId: text(LIMITS.nameCharsMax).optional(),
  seedOperation: seedOperation.optional(),
  optimizerAdjustment: record<OptimizerAdjustment>({
    optimizerId: text(LIMITS.nameCharsMax),
    hyperparameters: facts,
  }).optional(),
  circuitBreaker: record<CircuitBreakerCommand>({
    desiredState: nameOf(CIRCUIT_STATES),
    rationale: text(LIMITS.sentenceCharsMax),
  }).optional(),
  rollback: record<RollbackDirective>({
    tier: word(['fast', 'full']),
    reason: text(LIMITS.sentenceCharsMax),
  }).optional(),
  executionDeadlineMs: whole(1, LIMITS.executionDeadlineMsMax).optional(),
  issuedBy: name(),
  annotations,
  decision: decisionMetadataSchema.optional(),
};

const UUID_ERROR = 'a UUID of version 4 in lower case';
const identityShape: Shape<CommandIdentity> = {
  commandId: z
    .string({ error: UUID_ERROR })
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, { error: UUID_ERROR }),
  trainingRunId: name(),
  issuerEpoch: whole(),
  sequence: whole(),
  issuedAtMs: whole(1),
  expiresAtMs: whole(1),
};

const PAYLOADS = ['seedOperation', 'optimizerAdjustment', 'circuitBreaker', 'rollback'] as const;

const hasOnePayload = (draft: CommandDraft): boolean =>
  PAYLOADS.filter((payload) => draft[payload] !== undefined).length <= 1;

const ONE_PAYLOAD = { error: `at most one of ${PAYLOADS.join(', ')}` };

export const commandDraftSchema = record<CommandDraft>(draftShape).refine(hasOnePayload, ONE_PAYLOAD);

export const adaptationCommandSchema = record<AdaptationCommand>({ ...draftShape, ...identityShape })
  .refine(hasOnePayload, ONE_PAYLOAD)
  .refine(({ issuedAtMs, expiresAtMs }) => issuedAtMs < expiresAtMs, {
    path: ['expiresAtMs'],
    error: 'a time after issuedAtMs',
  });
