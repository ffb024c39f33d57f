import { FakeClock, SeededRandom } from '@esper/testkit';
import { decodeAnchor } from '../../src/core/anchor.js';
import { crc32c } from '../../src/core/crc32c.js';
import { encodeFrame, placementOf } from '../../src/core/frame.js';
import { lostCount, openWal, type RecoveryReport, type Wal, WalError, type WalOptions } from '../../src/index.js';
import { type DiskImage, MemoryDisk, type RotKind, type RotSite, rot } from '../../src/testing.js';
import { DIRECTORY, makeLog, OPTIONS, type Pristine } from './rot-logs.js';

/** What the exploration asserts; the first is how much was done. */
export interface RotTotals {
  corruptions: number;
  /** A record came back changed, or is gone and the report does not name its sequence. */
  silent: number;
  /** Records lost that no damaged byte belongs to. */
  lostBeyondDamaged: number;
  /** Salvage refused to open. */
  refused: number;
  /** Damage to an acknowledged record that the default mode did not refuse. */
  accepted: number;
  /** Records lost because they were damaged, all of them reported. */
  lostAndReported: number;
  /** Of the records that a power cut had robbed of their proof: lost, and taken for a torn write. See the format document. */
  inKnownGap: number;
  logs: number;
  examples: string[];
}

/** Known faults; each must make one of the totals rise. */
export const ROT_SABOTAGES = {
  'skip-checksum': 'damaged payloads get a checksum that fits, as if none were checked',
  'drop-silently': 'recovery loses the damaged record and reports nothing',
  'stop-at-damage': 'reading ends at the first damaged record',
  'wrong-sequence': 'the report names the sequence after the lost one',
  'refuse-everything': 'opening refuses whenever anything is damaged',
  'tolerate-rot': 'the default mode opens a log with a damaged acknowledged record',
} as const;
export type RotSabotage = keyof typeof ROT_SABOTAGES;

const KINDS: readonly RotKind[] = ['flip', 'flip', 'flip', 'zero-sector', 'zero-page', 'misdirect', 'truncate'];

/** Corrupts seeded logs, one piece of damage at a time, and reopens them, until time or count is up. */
export async function exploreRot(plan: {
  readonly seed: number;
  readonly until: (totals: RotTotals) => boolean;
  readonly sabotage?: RotSabotage;
}): Promise<RotTotals> {
  const totals: RotTotals = {
    corruptions: 0,
    silent: 0,
    lostBeyondDamaged: 0,
    refused: 0,
    accepted: 0,
    lostAndReported: 0,
    inKnownGap: 0,
    logs: 0,
    examples: [],
  };
  for (let round = 0; !plan.until(totals); round += 1) {
    const random = new SeededRandom(plan.seed * 1_000_003 + round);
    const pristine = await makeLog(random);
    totals.logs += 1;
    const seen = new Set<string>();
    for (let at = 0; at < 200 && !plan.until(totals); at += 1) {
      const damaged = rot(pristine.image, random.pick(KINDS), random);
      const before = pristine.image.get(damaged.site.path) as Uint8Array;
      const after = damaged.image.get(damaged.site.path) as Uint8Array;
      const key = `${damaged.site.path} ${damaged.site.offset} ${damaged.site.kind} ${crc32c(after)}`;
      if (Buffer.compare(before, after) === 0 || seen.has(key)) continue;
      seen.add(key);
      totals.corruptions += 1;
      const name = `seed ${plan.seed} round ${round} ${damaged.site.kind} ${damaged.site.path}@${damaged.site.offset}`;
      const image = plan.sabotage === 'skip-checksum' ? withFittingSums(damaged.image, pristine) : damaged.image;
      await examine(image, damaged.site, { pristine, totals, sabotage: plan.sabotage, name });
    }
  }
  return totals;
}

interface Examination {
  readonly pristine: Pristine;
  readonly totals: RotTotals;
  readonly sabotage: RotSabotage | undefined;
  readonly name: string;
}

async function examine(image: DiskImage, site: RotSite, to: Examination): Promise<void> {
  const { totals, pristine } = to;
  const hit = new Set(
    pristine.places
      .filter(({ path, from, to: end }) => path === site.path && from < site.offset + site.bytes && site.offset < end)
      .map(({ sequence }) => sequence),
  );
  const salvaged = await salvage(image, to);
  if (salvaged === undefined) return;
  const { wal, report } = salvaged;
  const found = await contents(wal, to);
  const lost = [...pristine.records.keys()].filter((sequence) => !found.has(sequence));
  const certain = provenThrough(image, site, pristine);
  const proven = lost.filter((sequence) => sequence <= certain);
  totals.inKnownGap += lost.length - proven.length;
  for (const sequence of lost) if (!hit.has(sequence)) complain(to, 'lostBeyondDamaged', `sequence ${sequence}`);
  for (const sequence of proven) {
    if (names(report, sequence)) totals.lostAndReported += 1;
    else complain(to, 'silent', `loss of ${sequence} not reported`);
  }
  const { sequence } = await wal.append(new Uint8Array(1));
  if (sequence <= Math.min(certain, pristine.lastSequence)) complain(to, 'silent', 'sequence reused');
  await wal.close();
  if (proven.length > 0) await mustRefuse(image, to);
}

/** How far what has survived proves acknowledgements: everything, unless a power cut came before the notes. */
function provenThrough(image: DiskImage, site: RotSite, pristine: Pristine): number {
  if (!pristine.powerCut) return Number.POSITIVE_INFINITY;
  const anchor = decodeAnchor(image.get(`${DIRECTORY}/anchor`) ?? new Uint8Array()).anchor;
  const whole = pristine.places.filter(
    ({ path, from }) => path !== site.path || from + 48 <= site.offset || from >= site.offset + site.bytes,
  );
  const carried = whole.map(({ path, from }) => {
    const bytes = pristine.image.get(path) as Uint8Array;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(from + 24, true);
  });
  return Math.max(anchor?.acknowledgedThrough ?? Number.POSITIVE_INFINITY, ...carried);
}

async function salvage(
  image: DiskImage,
  to: Examination,
): Promise<{ readonly wal: Wal; readonly report: RecoveryReport } | undefined> {
  try {
    const options: WalOptions = { ...OPTIONS, recovery: 'salvage' };
    const wal = await openWal({
      disk: new MemoryDisk(image, 'after'),
      directory: DIRECTORY,
      clock: new FakeClock(),
      options,
    });
    const { damages } = wal.recovery;
    if (to.sabotage === 'refuse-everything' && damages.length > 0) throw new WalError('WAL_CORRUPT', 'sabotage');
    if (to.sabotage === 'drop-silently') return { wal, report: { ...wal.recovery, damages: [] } };
    if (to.sabotage !== 'wrong-sequence') return { wal, report: wal.recovery };
    const shifted = damages.map((one) => ({
      ...one,
      firstSequence: one.firstSequence + 1,
      lastSequence: one.lastSequence + 1,
    }));
    return { wal, report: { ...wal.recovery, damages: shifted } };
  } catch (error) {
    if (!(error instanceof WalError)) throw error;
    complain(to, 'refused', error.message);
    return undefined;
  }
}

async function contents(wal: Wal, to: Examination): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  let before = Math.min(...to.pristine.records.keys()) - 1;
  for await (const { sequence, payload } of wal.read()) {
    if (to.sabotage === 'stop-at-damage' && sequence !== before + 1) break;
    if (sequence <= before) complain(to, 'silent', `sequence ${sequence} after ${before}`);
    const original = to.pristine.records.get(sequence);
    if (original === undefined || Buffer.compare(original, payload) !== 0)
      complain(to, 'silent', `sequence ${sequence} differs`);
    found.add(sequence);
    before = sequence;
  }
  return found;
}

const names = (report: RecoveryReport, sequence: number): boolean =>
  report.damages.some(
    (one) => lostCount(one) > 0 && one.acknowledged && one.firstSequence <= sequence && sequence <= one.lastSequence,
  );

/** The default mode must not go on as if nothing had happened. */
async function mustRefuse(image: DiskImage, to: Examination): Promise<void> {
  try {
    const recovery = to.sabotage === 'tolerate-rot' ? 'salvage' : 'tail';
    const disk = new MemoryDisk(image, 'strict');
    await openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options: { ...OPTIONS, recovery } });
    complain(to, 'accepted', 'the default mode opened a log with a lost record');
  } catch (error) {
    if (!(error instanceof WalError) || error.code !== 'WAL_CORRUPT' || error.report === undefined) throw error;
  }
}

function complain(to: Examination, key: 'silent' | 'lostBeyondDamaged' | 'refused' | 'accepted', what: string): void {
  to.totals[key] += 1;
  if (to.totals.examples.length < 5) to.totals.examples.push(`${to.name}: ${key}: ${what}`);
}

/** Writes damaged frames anew around whatever their payload now is. */
function withFittingSums(image: DiskImage, pristine: Pristine): DiskImage {
  const fixed = new Map(image);
  for (const { path, from, to, sequence } of pristine.places) {
    const bytes = fixed.get(path) as Uint8Array;
    const before = pristine.image.get(path) as Uint8Array;
    if (bytes.length < before.length) continue;
    if (Buffer.compare(bytes.subarray(from + 48, to), before.subarray(from + 48, to)) === 0) continue;
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    const payload = copy.slice(from + 48, to);
    const word = (at: number): number => view.getUint32(from + at, true);
    const header = { sequence, issuedAtMs: word(16), acknowledgedThrough: word(24), chainBefore: word(32) };
    const segment = Number.parseInt((path.split('/').at(-1) as string).slice(0, 14), 16);
    const placement = placementOf(before.slice(12, 28), segment);
    copy.set(encodeFrame({ ...header, payload }, { placement, offset: from }), from);
    fixed.set(path, copy);
  }
  return fixed;
}
