import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REFUSAL_REASONS } from '../src/index.js';
import { GOLDEN } from './support/golden.js';

const text = readFileSync(new URL('../../../docs/formats/command-v1.md', import.meta.url), 'utf8');

describe('docs/formats/command-v1.md', () => {
  it('shows the frozen bytes', () => {
    expect(text.replace(/[^0-9a-f]/g, '')).toContain(GOLDEN);
  });

  it('names every reason of a refusal, in the order of the checks', () => {
    const told = [...text.matchAll(/\(`([a-z_]+)`(?:, `([a-z_]+)`)?\)/g)].flatMap(([, ...names]) => names);
    expect(new Set(told)).toEqual(new Set([undefined, ...REFUSAL_REASONS]));
  });
});
