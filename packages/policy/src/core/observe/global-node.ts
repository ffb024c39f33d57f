import { finiteSignal, type Signal, type SystemStatePacket } from '@esper/leyline';
import type { Feature } from './feature-column.js';

/** Divides an optimizer's number, as the registry tables divide theirs. */
const FAMILY_SCALE = 256;

const metric =
  (name: string) =>
  (packet: SystemStatePacket): Signal | undefined =>
    packet.trainingMetrics[name];

/** Columns of the one global node. Losses come from the packet's typed fields, which senders fill, else from the map (P-D22). */
export const GLOBAL_FEATURES: readonly Feature<SystemStatePacket>[] = [
  { key: 'global.loss', column: 0, maskColumn: 1, statistic: 'global.loss', evidence: true, signal: metric('loss') },
  {
    key: 'global.validation_loss',
    column: 2,
    maskColumn: 3,
    statistic: 'global.validation_loss',
    evidence: true,
    signal: (packet) => packet.validationLoss ?? packet.trainingMetrics['validation_loss'],
  },
  {
    key: 'global.training_loss',
    column: 4,
    maskColumn: 5,
    statistic: 'global.training_loss',
    evidence: true,
    signal: (packet) => packet.trainingLoss ?? packet.trainingMetrics['training_loss'],
  },
  {
    key: 'global.gradient_norm',
    column: 6,
    maskColumn: 7,
    statistic: 'global.gradient_norm',
    evidence: true,
    bounds: [0, Infinity],
    signal: metric('gradient_norm'),
  },
  {
    key: 'global.samples_per_s',
    column: 8,
    maskColumn: 9,
    statistic: 'global.samples_per_s',
    evidence: true,
    bounds: [0, Infinity],
    signal: metric('samples_per_s'),
  },
  {
    key: 'global.hook_latency_ms',
    column: 10,
    maskColumn: 11,
    statistic: 'global.hook_latency_ms',
    evidence: true,
    bounds: [0, Infinity],
    signal: metric('hook_latency_ms'),
  },
  {
    key: 'global.epoch',
    column: 12,
    statistic: 'global.epoch',
    evidence: false,
    signal: (packet) => packet.currentEpoch,
  },
  { key: 'global.step', column: 13, statistic: 'global.step', evidence: false, signal: (packet) => packet.globalStep },
  {
    key: 'global.seed_count',
    column: 14,
    evidence: false,
    signal: (packet) => packet.seedStates.length,
    scale: Math.tanh,
  },
  {
    key: 'global.epoch_progress',
    column: 15,
    statistic: 'global.epoch_progress',
    evidence: true,
    bounds: [0, Infinity],
    signal: epochProgress,
  },
  {
    key: 'global.optimizer_family',
    column: 16,
    maskColumn: 17,
    evidence: true,
    bounds: [0, FAMILY_SCALE - 2],
    signal: metric('optimizer_family_index'),
    scale: (family) => (Math.trunc(family) + 1) / FAMILY_SCALE,
  },
];

/** Epochs done over epochs planned; a plan of no epochs is a bad signal, a missing plan is none. */
function epochProgress(packet: SystemStatePacket): Signal | undefined {
  const sent = packet.trainingMetrics['epochs_total'];
  if (sent === undefined) return undefined;
  const total = finiteSignal(sent);
  return total === undefined || total <= 0 ? Number.NaN : packet.currentEpoch / total;
}
