import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { batchIndices, buildDataset, parseNames, takeRows } from '../../src/core/dataset.js';
import { names, sha256 } from '../support/small-run.js';

const size = { featureCount: 32, trainingSamples: 200, validationSamples: 50, namesPerSample: 4 };

it('the vendored file is the one its README names, with its licence beside it', () => {
  const folder = new URL('../../vendor/cldr-names/', import.meta.url);
  const bytes = readFileSync(new URL('names.tsv', folder));
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  expect(readme).toContain(sha256(bytes));
  expect(readFileSync(new URL('LICENSE', folder), 'utf8')).toMatch(/UNICODE LICENSE V3/);
  expect(names).toHaveLength(4214);
});

it('no name has two right answers', () => {
  expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
});

it.each(['de', 'de\t', '\tDeutsch', 'de\ta\tb'])('a line like %j is refused', (line) => {
  expect(() => parseNames(`${line}\n`)).toThrow(/names.tsv/);
});

describe('samples', () => {
  const set = buildDataset(names, size, 5);

  it('are the same for the same seed and others for another', () => {
    expect(buildDataset(names, size, 5)).toEqual(set);
    expect(buildDataset(names, size, 6).training.features).not.toEqual(set.training.features);
  });

  it('have every language equally often', () => {
    const counts = set.languages.map((_, label) => set.training.labels.filter((own) => own === label).length);
    expect(counts).toEqual(new Array(10).fill(20));
  });

  it('are standardised by the training samples alone', () => {
    const column = Array.from({ length: 200 }, (_, row) => set.training.features[row * 32 + 3] as number);
    const mean = column.reduce((sum, value) => sum + value, 0) / 200;
    expect(mean).toBeCloseTo(0, 10);
    const other = buildDataset(names, { ...size, validationSamples: 10 }, 5);
    expect(other.training).toEqual(set.training);
  });

  it('names held out for validation never occur in training', () => {
    // With one name per language, all training samples of a language are that name; validation has none of them.
    const two = ['aa', 'bb'].flatMap((language) => [0, 1].map((n) => ({ language, name: `${language}${n}xyz${n}` })));
    const tiny = buildDataset(two, { ...size, namesPerSample: 1, trainingSamples: 4, validationSamples: 4 }, 1);
    const rows = (batch: typeof tiny.training) =>
      new Set(Array.from({ length: 4 }, (_, row) => [...batch.features.slice(row * 32, row * 32 + 32)].join()));
    const training = rows(tiny.training);
    expect(training.size).toBe(2);
    for (const row of rows(tiny.validation)) expect(training.has(row)).toBe(false);
  });
});

it('one pass over the data takes every row once; the next pass has another order', () => {
  const plan = { seed: 1, samples: 40, batch: 8 };
  const pass = (first: number) => [0, 1, 2, 3, 4].flatMap((step) => batchIndices(first + step, plan));
  expect([...pass(0)].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  expect(pass(0)).not.toEqual(pass(5));
  expect(pass(0)).toEqual(pass(0));
});

it('takes rows in the order asked for', () => {
  const batch = { features: Float64Array.of(1, 2, 3, 4, 5, 6), labels: Uint8Array.of(7, 8, 9) };
  expect(takeRows(batch, [2, 0])).toEqual({ features: Float64Array.of(5, 6, 1, 2), labels: Uint8Array.of(9, 7) });
});
