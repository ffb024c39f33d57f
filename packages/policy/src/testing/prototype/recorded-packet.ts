import { SEED_STAGES, type SeedStage, type SystemStatePacket } from '@esper/leyline';
import { isMapping, type Mapping, numberNamed } from './python-values.js';

/** A packet as the prototype reads it: no presence, only values; absent is 0 or "". */
export interface RecordedPacket {
  readonly packetId: string;
  readonly trainingRunId: string;
  readonly epoch: number;
  readonly step: number;
  readonly validationLoss: number;
  readonly trainingLoss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seeds: readonly RecordedSeed[];
  /** The ProtoJSON it was read from: what is there was sent. */
  readonly json: Mapping;
}

export interface RecordedSeed {
  readonly seedId: string;
  readonly stage: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly risk: number;
  readonly depth: number;
  readonly age: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly json: Mapping;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const num = (value: unknown): number => (value === undefined ? 0 : numberNamed(value));
const numbers = (value: unknown): Record<string, number> =>
  Object.fromEntries(Object.entries(isMapping(value) ? value : {}).map(([key, entry]) => [key, numberNamed(entry)]));

export function recordedPacket(json: Mapping): RecordedPacket {
  const seeds = Array.isArray(json['seedStates']) ? (json['seedStates'] as Mapping[]) : [];
  return {
    packetId: text(json['packetId']),
    trainingRunId: text(json['trainingRunId']),
    epoch: num(json['currentEpoch']),
    step: Number(json['globalStep'] ?? 0),
    validationLoss: num(json['validationLoss']),
    trainingLoss: num(json['trainingLoss']),
    metrics: numbers(json['trainingMetrics']),
    seeds: seeds.map(recordedSeed),
    json,
  };
}

const recordedSeed = (json: Mapping): RecordedSeed => ({
  seedId: text(json['seedId']),
  stage: stageNumber(json['stage']),
  learningRate: num(json['learningRate']),
  gradientNorm: num(json['gradientNorm']),
  risk: num(json['riskScore']),
  depth: num(json['layerDepth']),
  age: num(json['ageEpochs']),
  metrics: numbers(json['metrics']),
  json,
});

function stageNumber(stage: unknown): number {
  if (typeof stage === 'number') return stage;
  const name = text(stage).replace('SEED_STAGE_', '');
  return Object.hasOwn(SEED_STAGES, name) ? SEED_STAGES[name as SeedStage] : 0;
}

/** The same packet as this project's sender would send it: what ProtoJSON leaves out was not sent. */
export function typedPacket(packet: RecordedPacket): SystemStatePacket {
  const { json } = packet;
  return {
    version: 1,
    packetId: packet.packetId,
    trainingRunId: packet.trainingRunId,
    sourceSubsystem: text(json['sourceSubsystem']),
    currentEpoch: packet.epoch,
    globalStep: packet.step,
    ...('validationLoss' in json ? { validationLoss: packet.validationLoss } : {}),
    ...('trainingLoss' in json ? { trainingLoss: packet.trainingLoss } : {}),
    trainingMetrics: packet.metrics,
    seedStates: packet.seeds.map((seed) => ({
      seedId: seed.seedId,
      stage: (Object.keys(SEED_STAGES)[seed.stage] ?? `STAGE_${seed.stage}`) as SeedStage,
      ...('learningRate' in seed.json ? { learningRate: seed.learningRate } : {}),
      ...('gradientNorm' in seed.json ? { gradientNorm: seed.gradientNorm } : {}),
      ...('riskScore' in seed.json ? { riskScore: seed.risk } : {}),
      ...('layerDepth' in seed.json ? { layerDepth: seed.depth } : {}),
      ...('ageEpochs' in seed.json ? { ageEpochs: seed.age } : {}),
      metrics: seed.metrics,
    })),
  };
}
