import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deviations, vectorRunners } from '../../src/testing.js';

const run = vectorRunners['registry-digest'];
const kinds = (line: unknown): string[] =>
  run(line).map((outcome) => (outcome.kind === 'explained' ? outcome.deviation : outcome.kind));
const EMPTY = '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945';

describe('the runner of table recordings, on hand-made lines', () => {
  it('a good line is equal in every result, and one changed result is noticed', () => {
    const line = {
      max_size: 9,
      file_text: '{"a":1}',
      table: [['a', 1]],
      digest: '38d8e023d06e961f835363c4dcad75b818c7e4ca3be9425664f707a69835e209',
      gets: [
        ['', 0],
        ['b', 2],
      ],
      table_after: [
        ['a', 1],
        ['b', 2],
      ],
      digest_after: 'cda25b5537fd16060f51eb839e5891c35559f199e9b4bd755b916dd61da60d71',
      saved_text: '{"a": 1, "b": 2}',
    };
    expect(kinds(line)).toEqual(Array(6).fill('equal'));
    expect(kinds({ ...line, digest: EMPTY })).toContain('unexplained');
    expect(kinds({ ...line, gets: [['b', 3]] })).toContain('unexplained');
    expect(kinds({ ...line, saved_text: '{"a": 1}' })).toContain('unexplained');
    expect(kinds({ ...line, file_text: '{"a":1,}' })).toContain('unexplained');
  });

  it.each([
    ['DEV-RG-01', { max_size: 1, gets: [['a', { hash_fallback_mod: 1 }]] }],
    ['DEV-RG-02', { max_size: 9, file_text: '{', table: [], digest: EMPTY }],
    ['DEV-RG-03', { max_size: 9, file_text: '{"a":1.9}', table: [['a', 1]] }],
    [
      'DEV-RG-04',
      {
        max_size: 9,
        file_text: '{"b":2,"a":1}',
        table: [
          ['b', 2],
          ['a', 1],
        ],
        table_after: [
          ['b', 2],
          ['a', 1],
        ],
        saved_text: '{"b": 2, "a": 1}',
      },
    ],
  ])('%s is computed from the line', (id, line) => {
    expect(kinds(line)).toContain(id);
    expect(kinds(line)).not.toContain('unexplained');
    expect(deviations.map((deviation) => deviation.id)).toContain(id);
  });

  it('a hash where an index was free, or a refusal of a good file, is not explained', () => {
    expect(kinds({ max_size: 9, gets: [['a', { hash_fallback_mod: 9 }]] })).toContain('unexplained');
    expect(kinds({ max_size: 9, file_text: '{"a":2}', table: [['a', 1]] })).toContain('unexplained');
  });
});

const folder = process.env['TAMIYO_VECTORS'];
it.skipIf(folder === undefined)('registry-digest.jsonl (TAMIYO_VECTORS): nothing is unexplained', () => {
  const lines = readFileSync(`${folder}/registry-digest.jsonl`, 'utf8').split('\n').filter(Boolean);
  const details = lines.flatMap((line) =>
    run(JSON.parse(line)).flatMap((o) => (o.kind === 'unexplained' ? [o.detail] : [])),
  );
  expect(details).toEqual([]);
});
