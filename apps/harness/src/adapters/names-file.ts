import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LabelledName, parseNames } from '../core/dataset.js';
import { HarnessError } from '../errors.js';

const WITHIN_APP = 'vendor/cldr-names/names.tsv';

/** The vendored names. Found from the sources and from the built files alike. Throws `HARNESS_DATASET_MISSING`. */
export function loadNames(): LabelledName[] {
  const places = ['../', '../../'].map((up) => fileURLToPath(new URL(`${up}${WITHIN_APP}`, import.meta.url)));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new HarnessError('HARNESS_DATASET_MISSING', `no ${WITHIN_APP} beside the harness`);
  return parseNames(readFileSync(found, 'utf8'));
}
