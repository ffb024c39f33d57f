import { blueprintIdOf, flag, got, graphOf, type PrototypeBuild } from './prototype-build.js';
import { isMapping, isTruthy, log1p, pyMax, toFloat, toFloatOrZero, toStr, tryInt } from './python-values.js';
import type { RecordedSeed } from './recorded-packet.js';

const GLOBAL_KEYS = ['loss', 'validation_loss', 'training_loss', 'gradient_norm', 'samples_per_s', 'hook_latency_ms'];
const STAGE_MAX = 11;
const BLENDING = 4;

export function buildGlobal(build: PrototypeBuild): void {
  const { packet, statistics, coverage } = build;
  const table = build.nodes.global;
  const row = table.addRow('global');
  let column = 0;
  const put = (value: number) => table.demand(row, column++, value);
  for (const key of GLOBAL_KEYS) {
    const present = key in packet.metrics;
    put(statistics.normalise(key, present ? (packet.metrics[key] as number) : 0));
    put(flag(present));
    coverage.observe(`global.${key}`, present);
  }
  put(statistics.normalise('global_epoch', packet.epoch));
  coverage.observe('global.epoch', true);
  put(statistics.normalise('global_step', Math.log1p(packet.step)));
  coverage.observe('global.step', true);
  put(Math.tanh(packet.seeds.length));
  coverage.observe('global.seed_count', true);
  const total = packet.metrics['epochs_total'] ?? 0;
  put(statistics.normalise('epoch_progress', total > 0 ? packet.epoch / pyMax(1, total) : 0));
  coverage.observe('global.epoch_progress', total > 0);
  const family = optimizerFamily(build);
  if (family === undefined || column >= table.width) return;
  table.set(row, column, family);
  table.set(row, column + 1, 1);
  coverage.observe('global.optimizer_family', true);
}

/** By name from the metadata (its registry counts from 1), else by number from the packet (which counts from 0). */
function optimizerFamily({ config, registries, packet, optimizerMetadata, nodes }: PrototypeBuild): number | undefined {
  const vocabulary = Math.max(1, config.optimizer_vocab);
  const nested = optimizerMetadata['optimizer'];
  const name = optimizerMetadata['optimizer_family'] ?? (isMapping(nested) ? nested['family'] : undefined) ?? undefined;
  if (name === undefined) {
    if (!('optimizer_family_index' in packet.metrics)) return undefined;
    const index = tryInt(packet.metrics['optimizer_family_index']);
    return index === undefined ? undefined : index / vocabulary;
  }
  if (!isTruthy(name) || nodes.global.width <= 16) return undefined;
  const index = registries.get('optimizer_family', toStr(name));
  return index === undefined ? undefined : index / vocabulary;
}

export function buildSeeds(build: PrototypeBuild): void {
  const methods = capabilityMethods(build);
  for (const [index, seed] of build.packet.seeds.entries()) buildSeed(build, { index, seed, methods });
}

/** A non-empty list of methods allows every seed. */
function capabilityMethods(build: PrototypeBuild): boolean {
  const capabilities = graphOf(build)['capabilities'];
  const methods = isMapping(capabilities) ? capabilities['allowed_blending_methods'] : undefined;
  return Array.isArray(methods) && methods.length > 0;
}

function buildSeed(
  build: PrototypeBuild,
  { index, seed, methods }: { readonly index: number; readonly seed: RecordedSeed; readonly methods: boolean },
): void {
  const { statistics, coverage, config, registries } = build;
  const table = build.nodes.seed;
  const row = table.addRow(seed.seedId || `seed-${index}`);
  let column = 0;
  const pair = (key: string, value: number, present: boolean) => {
    table.demand(row, column++, value);
    table.demand(row, column++, flag(present));
    coverage.observe(`seed.${key}`, present);
  };
  const measured = (key: string, statistic: string, value: number) => {
    const present = isTruthy(value);
    pair(key, statistics.normalise(statistic, present ? value : 0), present);
  };
  measured('learning_rate', 'seed_learning_rate', seed.learningRate);
  measured('risk', 'seed_risk', seed.risk);
  measured('gradient_norm', 'gradient_norm', seed.gradientNorm);
  measured('age', 'seed_age', seed.age);
  const stage = seed.stage / STAGE_MAX;
  pair('stage', stage, true);
  pair('layer_depth', seed.depth / Math.max(1, config.max_layers), seed.depth !== 0);
  if (registries.has('seed') && column < table.width) {
    const id = table.ids[row] as string;
    table.set(row, column, (registries.get('seed', id) ?? 0) / Math.max(1, config.seed_vocab));
    coverage.observe('seed.embedding', true);
  }
  const allowed = flag(methods || (seed.metrics['blend_allowed'] ?? 0) > 0 || seed.stage >= BLENDING);
  table.set(row, column + 1, allowed);
  coverage.observe('seed.blend_allowed', true);
  build.capabilities.push(capability(seed, { stage, allowed }));
  build.seedScores.push(allowed * 2 + pyMax(0, 1 - seed.risk) + stage);
}

function capability({ risk, depth, metrics }: RecordedSeed, { stage, allowed }: { stage: number; allowed: number }) {
  const metric = (key: string): number => metrics[key] ?? 0;
  return {
    stage,
    risk,
    blend_allowed: allowed,
    layer_depth: depth,
    alpha: metric('alpha'),
    alpha_steps: metric('alpha_steps'),
    alpha_total_steps: metric('alpha_total_steps'),
    alpha_temperature: metric('alpha_temperature'),
    risk_tolerance: metric('risk_tolerance'),
  };
}

export function buildBlueprint(build: PrototypeBuild): void {
  const { packet, metadata, statistics, coverage, config, registries } = build;
  const table = build.nodes.blueprint;
  const id = blueprintIdOf(packet);
  const row = table.addRow(id);
  const set = (column: number, value: number) => table.set(row, column, value);
  if (registries.has('blueprint') && table.width > 0) {
    set(0, (registries.get('blueprint', id) ?? 0) / Math.max(1, config.blueprint_vocab));
    coverage.observe('blueprint.embedding', true);
  }
  for (const [column, key, loss] of [
    [1, 'validation_loss', packet.validationLoss],
    [3, 'training_loss', packet.trainingLoss],
  ] as const) {
    const present = isTruthy(loss);
    set(column, statistics.normalise(key, present ? loss : 0));
    set(column + 1, flag(present));
    coverage.observe(`blueprint.${key}`, present);
  }
  const risk = toFloatOrZero(metadata['risk']);
  const stage = toFloatOrZero(metadata['stage']);
  const tier = toFloat(got(metadata, 'tier_index', 0));
  const listed = graphOf(build)['parameters'];
  const given = toFloatOrZero(metadata['parameter_count']);
  const count = Array.isArray(listed) && listed.length > 0 ? listed.length : given;
  set(5, risk);
  set(6, stage / 10);
  set(7, statistics.normalise('blueprint_param_log', log1p(count)));
  set(8, flag(count > 0));
  set(9, tier / 10);
  set(10, flag(isTruthy(metadata['quarantine_only'])));
  set(11, flag(isTruthy(metadata['approval_required'])));
  const score = toFloat(got(metadata, 'candidate_score', 0));
  const scored = metadata['candidate_score'] !== undefined && metadata['candidate_score'] !== null;
  set(12, statistics.normalise('blueprint_candidate_score', score));
  set(13, flag(scored));
  for (const key of ['risk', 'stage', 'tier', 'flags']) coverage.observe(`blueprint.${key}`, true);
  coverage.observe('blueprint.parameter_count', count > 0);
  coverage.observe('blueprint.candidate_score', scored);
  hazardClass(build, row);
  build.blueprintScore = Math.fround(score);
}

function hazardClass({ metadata, registries, config, coverage, nodes }: PrototypeBuild, row: number): void {
  const hazard = isTruthy(metadata['hazard_class']) ? metadata['hazard_class'] : metadata['hazard'];
  if (!isTruthy(hazard) || nodes.blueprint.width <= 14) return;
  const index = registries.get('hazard_class', toStr(hazard));
  if (index === undefined) return;
  nodes.blueprint.set(row, 14, index / Math.max(1, config.hazard_vocab));
  nodes.blueprint.set(row, 15, 1);
  coverage.observe('blueprint.hazard_class', true);
}
