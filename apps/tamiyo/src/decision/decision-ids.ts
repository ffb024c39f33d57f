import type { WallClock } from '@esper/std';

/** Fills an array with random bytes. */
export type FillRandom = (bytes: Uint8Array) => void;

/** The longest time that fits into the 48 bits of an id. */
const TIME_MS_MAX = 2 ** 48 - 1;

/**
 * Decision ids: UUIDs of version 7, whose first 48 bits are a time that never falls within one maker. So an id alone tells
 * about where in the log its record stands.
 */
export class DecisionIds {
  readonly #clock: WallClock;
  readonly #fill: FillRandom;
  #lastMs: number;

  /** `notBeforeMs`: the time of the last id that was ever made, from the log. */
  constructor(clock: WallClock, fill: FillRandom, notBeforeMs = 0) {
    this.#clock = clock;
    this.#fill = fill;
    this.#lastMs = notBeforeMs;
  }

  next(): string {
    this.#lastMs = Math.min(TIME_MS_MAX, Math.max(this.#lastMs, this.#clock.wallMs()));
    const bytes = new Uint8Array(16);
    this.#fill(bytes);
    let rest = this.#lastMs;
    for (let at = 5; at >= 0; at -= 1) {
      bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}

const FORM = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The time in a decision id, milliseconds since 1970; `undefined` for anything that is no such id. */
export function timeOfDecisionId(id: string): number | undefined {
  const match = FORM.exec(id);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}
