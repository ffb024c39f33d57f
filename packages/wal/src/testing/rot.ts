/**
 * Damage to bytes at rest.
 *
 * Must be survived (at most the records whose bytes were hit are lost, each reported with its sequence): one flipped bit
 * anywhere; one sector or page zeroed, or overwritten with another sector of the log (a misdirected write); the end of a
 * file cut off.
 * May stop us: nothing of this, in salvage mode.
 * Not promised: damage made by somebody who knows the format and recomputes checksums; all copies of the bookkeeping
 * destroyed together with records.
 */
import type { Chance } from './crash-disk.js';
import type { DiskImage } from './memory-disk.js';

export type RotKind = 'flip' | 'zero-sector' | 'zero-page' | 'misdirect' | 'truncate';

/** Where an image was changed. Bytes of `[offset, offset + bytes)` may differ; when none does, nothing was changed. */
export interface RotSite {
  readonly kind: RotKind;
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

const UNIT_BYTES: Readonly<Record<RotKind, number>> = {
  flip: 1,
  'zero-sector': 512,
  'zero-page': 4096,
  misdirect: 512,
  truncate: 1,
};

/** A copy of the image with one random piece of damage. Empty files are left alone. */
export function rot(
  image: DiskImage,
  kind: RotKind,
  chance: Chance,
): { readonly image: DiskImage; readonly site: RotSite } {
  const targets = [...image].filter(([, bytes]) => bytes.length > 0);
  const [path, before] = weighted(targets, chance);
  const unit = UNIT_BYTES[kind];
  const offset = Math.floor(chance.int(0, before.length - 1) / unit) * unit;
  if (kind === 'truncate') {
    const site = { kind, path, offset, bytes: before.length - offset };
    return { image: new Map([...image, [path, before.slice(0, offset)]]), site };
  }
  const after = before.slice();
  const bytes = Math.min(unit, before.length - offset);
  if (kind === 'flip') after[offset] = (after[offset] as number) ^ (1 << chance.int(0, 7));
  else if (kind === 'misdirect') after.set(strayPiece(targets, bytes, chance), offset);
  else after.fill(0, offset, offset + bytes);
  return { image: new Map([...image, [path, after]]), site: { kind, path, offset, bytes } };
}

type Target = readonly [path: string, bytes: Uint8Array];

/** By size, so that every byte of the log has the same chance. */
function weighted(targets: readonly Target[], chance: Chance): Target {
  const total = targets.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  let at = chance.int(0, total - 1);
  for (const target of targets) {
    at -= target[1].length;
    if (at < 0) return target;
  }
  throw new Error('an image without bytes cannot rot');
}

function strayPiece(targets: readonly Target[], length: number, chance: Chance): Uint8Array {
  const [, bytes] = weighted(targets, chance);
  const from = Math.floor(chance.int(0, bytes.length - 1) / 512) * 512;
  const piece = new Uint8Array(length);
  piece.set(bytes.subarray(from, from + length));
  return piece;
}
