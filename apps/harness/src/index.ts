export { checkpointFolder } from './adapters/checkpoint-folder.js';
export { machinePorts } from './adapters/machine.js';
export { loadNames } from './adapters/names-file.js';
export {
  type StartTrainer,
  startTrainerProcess,
  type TrainerKey,
  type TrainerProcess,
} from './adapters/start-trainer-process.js';
export { verifierGate } from './adapters/verifier-gate.js';
export { type BlueprintId, trainerBlueprints } from './core/blueprints.js';
export { PACKET_METRICS } from './core/build-packet.js';
export { EMERGENCY_LEVELS } from './core/emergency.js';
export { EMERGENCY_GRADES, type EmergencyGrade } from './core/emergency-grades.js';
export { FAULT_KINDS, type Fault, type FaultKind, parseFault } from './core/fault-schedule.js';
export { HOST_PARAMETERS, type NetworkShape } from './core/network.js';
export type { RestoreRecord, Tally, TrainerSummary } from './core/tally.js';
export { TRAINER_EVENTS, type TrainerEvent, type TrainerEventName } from './core/trainer-event.js';
export { TRAINER_METRICS, type TrainerMetricName, type TrainerMetrics } from './core/trainer-metrics.js';
export { EXECUTION_ERRORS, HARNESS_ERRORS, HarnessError, type HarnessErrorCode, type RefusalCode } from './errors.js';
export { type ResolvedTrainerOptions, resolveTrainerOptions, type TrainerOptions } from './options.js';
export type {
  CheckpointStore,
  CommandGate,
  Decision,
  DecisionSource,
  HardwareSample,
  StoredCheckpoint,
  TrainerPorts,
} from './ports.js';
export { createTrainer, type StepReport, type Trainer } from './shell/trainer.js';
export { ALERT_RULES, type Alert, type AlertRule } from './supervisor/alerts.js';
export type { SupervisedStream, Supervision } from './supervisor/supervision.js';
export {
  type SupervisorBus,
  startWeatherlight,
  type Weatherlight,
  type WeatherlightPorts,
} from './supervisor/weatherlight.js';
export type { HostMessage, TrainerMessage } from './wire/trainer-channel.js';
