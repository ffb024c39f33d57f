import { describe, expect, it } from 'vitest';
import { EMBEDDED_BUS_DEFAULTS, type EmbeddedBusOptions, resolveEmbeddedBusOptions } from '../src/index.js';

describe('options of the embedded bus', () => {
  it('are the defaults where nothing is given, and frozen', () => {
    expect(resolveEmbeddedBusOptions()).toEqual(EMBEDDED_BUS_DEFAULTS);
    expect(Object.isFrozen(resolveEmbeddedBusOptions({ entriesMax: 5 }))).toBe(true);
    expect(resolveEmbeddedBusOptions({ entriesMax: 5 }).entriesMax).toBe(5);
  });

  for (const name of Object.keys(EMBEDDED_BUS_DEFAULTS) as (keyof EmbeddedBusOptions)[]) {
    it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])(`${name} of %d is refused by name`, (value) => {
      expect(() => resolveEmbeddedBusOptions({ [name]: value })).toThrow(`${name} must be a whole number in`);
    });
  }
});
