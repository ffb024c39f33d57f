import { BLEND_MODES, decodePlain, encodePlain, SCHEDULE_SHAPES, SEED_STAGES, type SeedStage } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import { BLOCK_PARAMETERS, type BlockParameters } from '../core/block.js';
import { BLOCK_PLANS, type BlueprintId } from '../core/blueprints.js';
import { HOST_PARAMETERS, type HostParameters } from '../core/network.js';
import type { LearnedState, SeedSlot } from '../core/trainer-state.js';

/** Weights on the wire: little-endian doubles, so that they come back to the bit. */
const pack = (tensor: Float64Array): Uint8Array => {
  const bytes = new Uint8Array(tensor.length * 8);
  const view = new DataView(bytes.buffer);
  tensor.forEach((value, at) => {
    view.setFloat64(at * 8, value, true);
  });
  return bytes;
};

const tensor = z
  .instanceof(Uint8Array)
  .refine((bytes) => bytes.length % 8 === 0, 'not whole doubles')
  .transform((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float64Array.from({ length: bytes.length / 8 }, (_, at) => view.getFloat64(at * 8, true));
  });

const tensors = <Name extends string>(names: readonly Name[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, tensor])) as Record<Name, typeof tensor>);

const stages = Object.keys(SEED_STAGES) as [SeedStage, ...SeedStage[]];
const blueprintIds = Object.keys(BLOCK_PLANS) as [BlueprintId, ...BlueprintId[]];
const whole = z.int().min(0);
const share = z.number().min(0).max(1);
const shape = z.enum(SCHEDULE_SHAPES);

const seedModule = z.strictObject({
  blueprintId: z.enum(blueprintIds),
  rank: whole,
  weights: tensors(BLOCK_PARAMETERS),
  velocity: tensors(BLOCK_PARAMETERS),
  mode: z.enum(BLEND_MODES),
  blend: z.strictObject({ mixing: z.enum(['convex', 'residual']), factors: tensor }),
  window: z.strictObject({ shape, start: share, end: share, firstAlpha: z.number() }),
  ramp: z.strictObject({ shape, startStep: whole, endStep: whole, firstAlpha: share }).optional(),
  alpha: share,
  baselineLoss: z.number(),
});

const seedSlot = z.strictObject({
  seedId: z.string().min(1),
  site: z.union([z.literal(0), z.literal(1)]),
  stage: z.enum(stages),
  stageSteps: whole,
  ageSteps: whole,
  module: seedModule.optional(),
  gradientNorm: z.number().optional(),
});

const learnedState = z.strictObject({
  format: z.literal('esper-learned-state-1'),
  host: tensors(HOST_PARAMETERS),
  velocity: tensors(HOST_PARAMETERS),
  seeds: z.array(seedSlot).max(256),
  learningRate: z.number().positive(),
  smoothed: z.strictObject({
    lossEwma: z.number().optional(),
    lossVariance: z.number(),
    validationEwma: z.number().optional(),
    validationBest: z.number().optional(),
    gradientEwma: z.number().optional(),
    gradientVariance: z.number(),
    previousLoss: z.number().optional(),
  }),
});

const packAll = (set: HostParameters | BlockParameters): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(set).map(([name, values]) => [name, pack(values)]));

function packSeed({ module, ...slot }: SeedSlot): object {
  if (module === undefined) return slot;
  const blend = { ...module.blend, factors: pack(module.blend.factors) };
  return {
    ...slot,
    module: { ...module, weights: packAll(module.weights), velocity: packAll(module.velocity), blend },
  };
}

/** The learned state as canonical msgpack: equal states give equal bytes, so that a digest names a state. */
export function encodeLearnedState({ host, velocity, seeds, learningRate, smoothed }: LearnedState): Uint8Array {
  return encodePlain({
    format: 'esper-learned-state-1',
    host: packAll(host),
    velocity: packAll(velocity),
    seeds: seeds.map(packSeed),
    learningRate,
    smoothed,
  });
}

/** The way back; refused as a whole when a field or a size is not as it should be. */
export function decodeLearnedState(bytes: Uint8Array): Result<LearnedState, 'checkpoint_malformed'> {
  const plain = decodePlain(bytes);
  if (!plain.ok) return err('checkpoint_malformed');
  const parsed = learnedState.safeParse(plain.value);
  if (!parsed.success) return err('checkpoint_malformed');
  const { format: _format, ...learned } = parsed.data;
  // The schema's optional fields may be `undefined`, which never survives the encoding: absent and present only.
  return ok(learned as LearnedState);
}
