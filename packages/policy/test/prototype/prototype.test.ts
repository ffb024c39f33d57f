import { describe, expect, it } from 'vitest';
import { blake2sShort } from '../../src/testing/prototype/blake2s.js';
import { PrototypeStatistics } from '../../src/testing/prototype/prototype-statistics.js';
import { isTruthy, PythonRaise, stripped, toFloat, toInt, toStr } from '../../src/testing/prototype/python-values.js';

describe('the prototype as we read it', () => {
  it('thirty absent steps drag its throughput to 191, and 4,800 then reads +2.54', () => {
    const statistics = new PrototypeStatistics(undefined);
    for (let step = 0; step < 30; step++) statistics.normalise('samples_per_s', 0);
    expect(statistics.entries()['samples_per_s']?.[0]).toBeCloseTo(190.8, 1);
    expect(statistics.normalise('samples_per_s', 4800)).toBeCloseTo(2.54, 2);
  });

  it('one NaN poisons a statistic for ever', () => {
    const statistics = new PrototypeStatistics(undefined);
    statistics.normalise('loss', Number.NaN);
    expect(statistics.normalise('loss', 1)).toBeNaN();
  });

  it('its statistics file may be nonsense, but not wrongly typed nonsense', () => {
    expect(new PrototypeStatistics('not json').entries()['loss']).toEqual([0.8, 0.09]);
    expect(new PrototypeStatistics('{"loss":{"mean":2,"std":0.5}}').entries()['loss']).toEqual([2, 0.25]);
    expect(new PrototypeStatistics('{"loss":{"mean":NaN}}').entries()['loss']?.[0]).toBeNaN();
    expect(() => new PrototypeStatistics('{"loss":{"mean":"x"}}')).toThrow(PythonRaise);
  });

  it.each([
    ['unknown', 3208418918],
    ['relu', 3868701979],
    ['x'.repeat(100), 1323399191],
    ['é', 719821984],
  ])('BLAKE2s with four bytes of %s', (text, digest) => {
    expect(blake2sShort(new TextEncoder().encode(text))).toBe(digest);
  });

  it.each([
    [' 7 ', 7],
    ['1_0', 10],
    ['+.5', 0.5],
    ['1e-3', 0.001],
    [true, 1],
    ['-inf', Number.NEGATIVE_INFINITY],
  ])('float(%j) is %d', (value, expected) => expect(toFloat(value)).toBe(expected));

  it.each(['', 'x', '1__0', '0x1', '1,5', null, []])('float(%j) raises', (value) => {
    expect(() => toFloat(value)).toThrow(PythonRaise);
  });

  it('int truncates numbers and takes whole texts only', () => {
    expect([toInt(1.9), toInt(-0.5), toInt(' +1_0 '), toInt(true)]).toEqual([1, 0, 10, 1]);
    for (const bad of ['1.5', 'x', null, Number.NaN]) expect(() => toInt(bad)).toThrow(PythonRaise);
  });

  it('truth, text and white space are those of its language', () => {
    expect([0, -0, '', [], {}, null, false].map(isTruthy)).toEqual(new Array(7).fill(false));
    expect([Number.NaN, 'false', [0], { a: 1 }, 2].map(isTruthy)).toEqual(new Array(5).fill(true));
    expect([toStr(null), toStr(true), toStr(5)]).toEqual(['None', 'True', '5']);
    expect(stripped('\u001c a\ufeff\u0085')).toBe('a\ufeff');
  });
});
