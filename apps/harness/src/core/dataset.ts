import { invariant } from '@esper/std';
import type { Batch } from './network.js';
import { hashText, type RandomStream, randomStream, shuffled } from './random.js';

/** A name and the language it is written in. */
export interface LabelledName {
  readonly language: string;
  readonly name: string;
}

/** The task: in which language is this short list of names written? */
export interface Dataset {
  readonly languages: readonly string[];
  readonly featureCount: number;
  readonly training: Batch;
  /** Made of names that occur in no training sample. */
  readonly validation: Batch;
}

export interface DatasetSize {
  /** Length of a feature vector: letter n-grams are hashed into this many counters. */
  readonly featureCount: number;
  readonly trainingSamples: number;
  readonly validationSamples: number;
  /** Names per sample. More names make the task easier. */
  readonly namesPerSample: number;
}

const VALIDATION_SHARE = 0.15;

/** Reads `language TAB name` lines. Throws `InvariantError` for a line of another form: the file is ours. */
export function parseNames(text: string): LabelledName[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [language, name, ...rest] = line.split('\t');
      invariant(language && name && rest.length === 0, `not a line of names.tsv: ${line.slice(0, 80)}`);
      return { language, name };
    });
}

/** Counts of the letters, pairs and triples of letters of `name`, hashed into `length` counters and scaled to length 1. */
function nameVector(name: string, length: number): Float64Array {
  const text = `^${name}$`;
  const counts = new Float64Array(length);
  for (let letters = 1; letters <= 3; letters += 1) {
    for (let at = 0; at + letters <= text.length; at += 1) {
      const slot = hashText(text.slice(at, at + letters)) % length;
      counts[slot] = (counts[slot] as number) + 1;
    }
  }
  const size = Math.sqrt(counts.reduce((sum, one) => sum + one * one, 0));
  return counts.map((one) => one / size);
}

interface Drawing {
  readonly languages: readonly string[];
  readonly pool: ReadonlyMap<string, readonly Float64Array[]>;
  readonly samples: number;
  readonly size: DatasetSize;
}

function drawSamples({ languages, pool, samples, size }: Drawing, random: RandomStream): Batch {
  const features = new Float64Array(samples * size.featureCount);
  const labels = new Uint8Array(samples);
  for (let sample = 0; sample < samples; sample += 1) {
    const label = sample % languages.length;
    const names = pool.get(languages[label] as string) ?? [];
    const row = features.subarray(sample * size.featureCount, (sample + 1) * size.featureCount);
    for (let drawn = 0; drawn < size.namesPerSample; drawn += 1) {
      const vector = names[random.below(names.length)] as Float64Array;
      for (let slot = 0; slot < row.length; slot += 1) row[slot] = (row[slot] as number) + (vector[slot] as number);
    }
    labels[sample] = label;
  }
  return { features, labels };
}

/** How long a feature vector is on average after standardisation: what the first layer's initial weights expect. */
const FEATURE_LENGTH = 4;

/** Mean 0 and the same variance for each feature, by the statistics of the training samples alone. */
function standardise(training: Batch, others: readonly Batch[], featureCount: number): void {
  const rows = training.labels.length;
  for (let slot = 0; slot < featureCount; slot += 1) {
    let mean = 0;
    let variance = 0;
    for (let r = 0; r < rows; r += 1) mean += (training.features[r * featureCount + slot] as number) / rows;
    for (let r = 0; r < rows; r += 1)
      variance += ((training.features[r * featureCount + slot] as number) - mean) ** 2 / rows;
    const scale = FEATURE_LENGTH / Math.sqrt(featureCount * (variance + 1e-6));
    for (const { features, labels } of [training, ...others]) {
      for (let r = 0; r < labels.length; r += 1) {
        const at = r * featureCount + slot;
        features[at] = ((features[at] as number) - mean) * scale;
      }
    }
  }
}

/** Builds the task from the names. The same names, size and seed give the same bits. */
export function buildDataset(names: readonly LabelledName[], size: DatasetSize, seed: number): Dataset {
  const languages = [...new Set(names.map(({ language }) => language))].sort();
  const train = new Map<string, readonly Float64Array[]>();
  const held = new Map<string, readonly Float64Array[]>();
  for (const language of languages) {
    const own = names.filter((entry) => entry.language === language).map(({ name }) => name);
    const order = shuffled(own, randomStream(seed, `split/${language}`)).map((name) =>
      nameVector(name, size.featureCount),
    );
    const heldCount = Math.ceil(order.length * VALIDATION_SHARE);
    held.set(language, order.slice(0, heldCount));
    train.set(language, order.slice(heldCount));
  }
  const drawing = { languages, size };
  const training = drawSamples(
    { ...drawing, pool: train, samples: size.trainingSamples },
    randomStream(seed, 'training samples'),
  );
  const validation = drawSamples(
    { ...drawing, pool: held, samples: size.validationSamples },
    randomStream(seed, 'validation samples'),
  );
  standardise(training, [validation], size.featureCount);
  return { languages, featureCount: size.featureCount, training, validation };
}

/** The rows `indices` of `batch`, in that order. */
export function takeRows(batch: Batch, indices: readonly number[]): Batch {
  const width = batch.features.length / batch.labels.length;
  const features = new Float64Array(indices.length * width);
  indices.forEach((row, at) => {
    features.set(batch.features.subarray(row * width, (row + 1) * width), at * width);
  });
  return { features, labels: Uint8Array.from(indices, (row) => batch.labels[row] as number) };
}

/** The training rows of one step: a new shuffle per pass over the data, known from the seed and the step alone. */
export function batchIndices(
  step: number,
  plan: { readonly seed: number; readonly samples: number; readonly batch: number },
) {
  const perPass = Math.floor(plan.samples / plan.batch);
  const pass = Math.floor(step / perPass);
  const order = shuffled(
    Array.from({ length: plan.samples }, (_, at) => at),
    randomStream(plan.seed, `order/${pass}`),
  );
  const start = (step % perPass) * plan.batch;
  return order.slice(start, start + plan.batch);
}
