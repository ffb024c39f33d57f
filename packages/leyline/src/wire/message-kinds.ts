import type { z } from 'zod';
import type { AdaptationCommand, CommandDraft } from '../core/adaptation-command.js';
import type { BlueprintDescriptor } from '../core/blueprint-descriptor.js';
import type { BusEnvelope } from '../core/bus-envelope.js';
import type { EmergencySignal } from '../core/emergency-signal.js';
import type { FieldReport } from '../core/field-report.js';
import type { PolicyUpdate } from '../core/policy-update.js';
import type { HardwareContext, SeedState, SystemStatePacket } from '../core/system-state-packet.js';
import type { TelemetryPacket } from '../core/telemetry-packet.js';
import { blueprintDescriptorSchema } from './blueprint-schema.js';
import { busEnvelopeSchema, emergencySignalSchema, policyUpdateSchema } from './bus-schemas.js';
import { adaptationCommandSchema, commandDraftSchema } from './command-schema.js';
import { fieldReportSchema } from './field-report-schema.js';
import { hardwareContextSchema, seedStateSchema, systemStateSchema } from './system-state-schema.js';
import { telemetryPacketSchema } from './telemetry-schema.js';

/** Every message of the contract, by the name of its type. */
export interface Messages {
  readonly SystemStatePacket: SystemStatePacket;
  readonly SeedState: SeedState;
  readonly HardwareContext: HardwareContext;
  readonly CommandDraft: CommandDraft;
  readonly AdaptationCommand: AdaptationCommand;
  readonly FieldReport: FieldReport;
  readonly TelemetryPacket: TelemetryPacket;
  readonly PolicyUpdate: PolicyUpdate;
  readonly EmergencySignal: EmergencySignal;
  readonly BlueprintDescriptor: BlueprintDescriptor;
  readonly BusEnvelope: BusEnvelope;
}

export type MessageKind = keyof Messages;

/** The strict schema of each kind. */
export const SCHEMAS: { readonly [K in MessageKind]: z.ZodType<Messages[K]> } = {
  SystemStatePacket: systemStateSchema,
  SeedState: seedStateSchema,
  HardwareContext: hardwareContextSchema,
  CommandDraft: commandDraftSchema,
  AdaptationCommand: adaptationCommandSchema,
  FieldReport: fieldReportSchema,
  TelemetryPacket: telemetryPacketSchema,
  PolicyUpdate: policyUpdateSchema,
  EmergencySignal: emergencySignalSchema,
  BlueprintDescriptor: blueprintDescriptorSchema,
  BusEnvelope: busEnvelopeSchema,
};

/** The names of {@link Messages}, for iteration. */
export const MESSAGE_KINDS: readonly MessageKind[] = Object.freeze(Object.keys(SCHEMAS) as MessageKind[]);
