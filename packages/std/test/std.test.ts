import { describe, expect, it } from 'vitest';
import {
  addMs,
  assertNever,
  CodedError,
  elapsedMs,
  err,
  InvariantError,
  invariant,
  isCodedError,
  monoMs,
  ok,
  unixMs,
} from '../src/index.js';
import { systemClock } from '../src/node.js';

const TABLE = { LAMP_BROKEN: { means: 'The lamp is broken.', next: 'Change the bulb.' } } as const;
class LampError extends CodedError<keyof typeof TABLE> {
  override readonly name = 'LampError';
  constructor(code: keyof typeof TABLE, message: string, cause?: unknown) {
    super(code, message, TABLE[code], cause === undefined ? {} : { cause });
  }
}

describe('Result', () => {
  it('tells the two outcomes apart', () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(err('no')).toEqual({ ok: false, error: 'no' });
  });
});

describe('invariant', () => {
  it('passes truth and throws with what was believed', () => {
    expect(() => invariant(1 < 2, 'order')).not.toThrow();
    expect(() => invariant(0, 'zero is not truth')).toThrow(new InvariantError('zero is not truth'));
  });

  it('puts a message together only when what was believed is wrong', () => {
    let asked = 0;
    const message = (): string => `asked ${++asked} times`;
    invariant(true, message);
    expect(asked).toBe(0);
    expect(() => invariant(false, message)).toThrow(new InvariantError('asked 1 times'));
  });

  it('assertNever names the union and the value', () => {
    expect(() => assertNever('blue' as never, 'colour')).toThrow('unhandled colour: blue');
  });
});

describe('CodedError', () => {
  it('carries code, name, next step and cause', () => {
    const cause = new Error('burnt');
    const error = new LampError('LAMP_BROKEN', 'no light', cause);
    expect(error).toMatchObject({
      code: 'LAMP_BROKEN',
      name: 'LampError',
      message: 'no light',
      next: 'Change the bulb.',
    });
    expect(error.cause).toBe(cause);
    expect('cause' in new LampError('LAMP_BROKEN', 'no light')).toBe(false);
  });

  it('is recognised across duplicate copies and not faked by a plain object', () => {
    const foreign = new Error('from another copy');
    Object.defineProperty(foreign, Symbol.for('@esper/std/coded-error'), { value: true });
    expect(isCodedError(foreign)).toBe(true);
    expect(isCodedError(new Error('plain'))).toBe(false);
    expect(isCodedError({ code: 'LAMP_BROKEN' })).toBe(false);
  });
});

describe('time', () => {
  it('refuses what is no time, by value', () => {
    for (const bad of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => unixMs(bad)).toThrow(`not a Unix time in milliseconds: ${bad}`);
    }
    expect(() => monoMs(Number.NaN)).toThrow(InvariantError);
    expect(unixMs(0)).toBe(0);
  });

  it('adds and measures monotonic time', () => {
    const from = monoMs(10.5);
    expect(elapsedMs(from, addMs(from, 2.25))).toBe(2.25);
  });

  it('the system clock reads whole wall milliseconds and a clock that does not step back', () => {
    expect(Math.abs(systemClock.wallMs() - Date.now())).toBeLessThan(60_000);
    expect(elapsedMs(systemClock.monoMs(), systemClock.monoMs())).toBeGreaterThanOrEqual(0);
  });
});
