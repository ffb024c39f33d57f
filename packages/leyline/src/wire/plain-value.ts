/**
 * What the codec carries: data without behaviour. A 64-bit integer is a `bigint`, every other number a `number`; the
 * two are never exchanged, so a value comes back with the type it went in with. `NaN`, ±Infinity and -0 are kept.
 */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/** Bounds of {@link encodePlain} and {@link decodePlain}; beyond any of them the value is refused. */
export interface PlainLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
  readonly elementsMax: number;
  readonly mapEntriesMax: number;
  readonly arrayItemsMax: number;
  readonly textBytesMax: number;
}

/** Bounds used where the caller gives none. */
export const PLAIN_LIMITS: PlainLimits = Object.freeze({
  bytesMax: 64 * 1024 * 1024,
  depthMax: 32,
  elementsMax: 1_000_000,
  mapEntriesMax: 65_536,
  arrayItemsMax: 262_144,
  textBytesMax: 16 * 1024 * 1024,
});
