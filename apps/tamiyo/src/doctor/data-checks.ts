import { stat } from 'node:fs/promises';
import { openFileCatalogue, openUrzaCatalogue } from '@esper/registry/node';
import { WAL_DEFAULTS } from '@esper/wal';
import { type Check, codeOf, type Finding, fail, failFrom, pass, skipped, warn } from './check.js';
import { isThere, type Scene } from './scene.js';
import { probeSync } from './sync-probe.js';

const NO_FOLDER = 'there is no data folder';
/** With less than one segment of the log free, the next record may be the one that is refused. */
const FREE_BYTES_MIN = WAL_DEFAULTS.segmentBytesMax;
const FREE_BYTES_NOTICE = 16 * FREE_BYTES_MIN;
/** No disk makes 4 KiB durable sooner: whatever answers faster has them in a volatile cache. */
const SYNC_MS_MIN = 0.05;
/** The share of the decision deadline that one sync may take. */
const SYNC_SHARE_MAX = 0.2;
const MIB = 2 ** 20;

/** The folder that everything lies in, and the disk below it. */
export const DATA_CHECKS: readonly Check[] = [
  { id: 'data.folder', asks: 'Is the data folder there?', look: lookForFolder },
  { id: 'data.writable', asks: 'Can a file be written there?', look: tryWriting },
  { id: 'data.space', asks: 'Is there room for the log?', look: lookAtSpace },
  { id: 'data.sync', asks: 'Does the disk keep what it says is safe?', look: measureSync },
  { id: 'data.catalogue', asks: 'Is the blueprint catalogue whole?', look: lookAtCatalogue },
];

async function lookForFolder({ values }: Scene): Promise<Finding> {
  const { dataDir } = values;
  if (!(await isThere(dataDir))) {
    return fail(`there is nothing at ${dataDir}`, 'tamiyo serve --init makes it; or name another one with --data.');
  }
  if ((await stat(dataDir)).isDirectory()) return pass(dataDir);
  return fail(`${dataDir} is no folder`, 'Name a folder with --data or TAMIYO_DATA_DIR.');
}

async function tryWriting(scene: Scene): Promise<Finding> {
  const { dataDir } = scene.values;
  if (!(await isThere(dataDir))) return skipped(NO_FOLDER);
  try {
    await probeSync(scene.setup.ports, dataDir, { rounds: 1 });
    return pass('a probe file was written, synced and removed');
  } catch (cause) {
    const next = isFull(cause)
      ? 'Free space on that disk.'
      : 'Give the user of the host write permission for the folder, or name another one with --data.';
    return fail(`cannot write to ${dataDir}: ${codeOf(cause) || String(cause)}`, next);
  }
}

const isFull = (cause: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));

async function lookAtSpace({ values, setup }: Scene): Promise<Finding> {
  if (!(await isThere(values.dataDir))) return skipped(NO_FOLDER);
  const { freeBytes, totalBytes } = await setup.ports.space(values.dataDir);
  const saw = `${Math.floor(freeBytes / MIB)} MiB of ${Math.floor(totalBytes / MIB)} MiB are free`;
  const next = 'Free space, or lower reports.retentionHours; a full disk refuses decisions, it never loses any.';
  if (freeBytes < FREE_BYTES_MIN) return fail(saw, next);
  return freeBytes < FREE_BYTES_NOTICE ? warn(saw, next) : pass(saw);
}

async function measureSync(scene: Scene): Promise<Finding> {
  const { dataDir } = scene.values;
  if (!(await isThere(dataDir))) return skipped(NO_FOLDER);
  let medianMs: number;
  try {
    ({ medianMs } = await probeSync(scene.setup.ports, dataDir, { rounds: 31 }));
  } catch (cause) {
    return skipped(`the folder could not be written to: ${codeOf(cause) || String(cause)}`);
  }
  const saw = `making 4 KiB durable takes ${medianMs.toFixed(3)} ms (median of 31)`;
  if (medianMs < SYNC_MS_MIN) {
    return fail(
      `${saw}; below ${SYNC_MS_MIN} ms that is memory, not a disk`,
      'Put the data folder on a disk that survives a power cut: no tmpfs, no write cache without a battery, no fsync-less mount.',
    );
  }
  const slowMs = scene.values['deadlines.decisionMs'] * SYNC_SHARE_MAX;
  if (medianMs <= slowMs) return pass(saw);
  return warn(
    `${saw}; each decision waits for that`,
    `Use a faster disk, or raise deadlines.decisionMs, of which it takes more than a fifth (${slowMs} ms).`,
  );
}

async function lookAtCatalogue(scene: Scene): Promise<Finding> {
  const { catalogueFile, urzaDatabase } = scene.values;
  if (urzaDatabase !== '') return lookAtUrza(urzaDatabase);
  const path = catalogueFile === '' ? scene.pathOf('catalogue.json') : catalogueFile;
  if (await scene.isWithoutFolder(path)) return skipped(NO_FOLDER);
  try {
    const { size } = (await openFileCatalogue(path)).knownIds();
    return pass(`${size} blueprints`);
  } catch (cause) {
    if (codeOf(cause) !== 'CATALOGUE_MISSING') return failFrom(cause);
    return fail(
      `there is no catalogue at ${path}`,
      'tamiyo serve --init makes one with example blueprints; or give its path with TAMIYO_CATALOGUE_FILE.',
    );
  }
}

async function lookAtUrza(path: string): Promise<Finding> {
  try {
    const refused: string[] = [];
    const library = await openUrzaCatalogue(path, { onRefused: ({ message }) => refused.push(message) });
    const saw = `${library.knownIds().size} blueprints of Urza`;
    if (refused.length === 0) return pass(saw);
    return warn(
      `${saw}, ${refused.length} refused: ${refused[0]}`,
      'Correct those blueprints in Urza; they are not offered.',
    );
  } catch (cause) {
    return failFrom(cause);
  }
}
