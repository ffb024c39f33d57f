import { type KeyAge, type KeyConcern, keyConcerns } from '@esper/command-verifier';
import { type Check, codeOf, type Finding, fail, failFrom, pass, skipped, warn } from './check.js';
import type { Scene } from './scene.js';

const DAY_MS = 86_400_000;
/** How long before its end a key must have a successor. */
const NOTICE_MS = 14 * DAY_MS;
/** The oldest that a key should be, however long it may still be used. */
const AGE_MS_MAX = 366 * DAY_MS;

/** What a host seals commands and policies with. */
export const KEY_CHECKS: readonly Check[] = [
  {
    id: 'keys.present',
    asks: 'Is there a key to sign with?',
    look: async (scene) => {
      const failure = await keyFailure(scene);
      const isOwn = failure !== undefined && !['KEY_TOO_SHORT', 'KEY_FILE_EXPOSED'].includes(codeOf(failure));
      return isOwn ? failFrom(failure) : pass(`keys from ${sourceOf(scene)}`);
    },
  },
  { id: 'keys.length', asks: 'Is every secret long enough?', look: (scene) => unless(scene, 'KEY_TOO_SHORT') },
  { id: 'keys.private', asks: 'Can nobody else read the keys?', look: lookAtExposure },
  { id: 'keys.age', asks: 'Is no key too old?', look: lookAtAge },
];

const sourceOf = ({ values }: Scene): string => {
  const folder = values['seal.keyFolder'];
  return folder === '' ? 'the environment' : folder;
};

const keyFailure = (scene: Scene): Promise<unknown> =>
  scene.keys().then(
    () => undefined,
    (cause: unknown) => cause,
  );

/** Opening the keys fails with the first thing that is wrong. What comes after it has not been looked at. */
async function unless(scene: Scene, code: string): Promise<Finding> {
  const failure = await keyFailure(scene);
  if (failure === undefined) return pass('every key could be opened');
  return codeOf(failure) === code ? failFrom(failure) : skipped('the keys could not be opened');
}

async function lookAtExposure(scene: Scene): Promise<Finding> {
  const finding = await unless(scene, 'KEY_FILE_EXPOSED');
  const isInFile = scene.values['seal.keyFolder'] !== '';
  return isInFile || finding.verdict !== 'pass' ? finding : skipped('the secret is in the environment, not in a file');
}

async function lookAtAge(scene: Scene): Promise<Finding> {
  if ((await keyFailure(scene)) !== undefined) return skipped('the keys could not be opened');
  if (scene.values['seal.keyFolder'] === '') return skipped('nobody says when the secret in the environment was made');
  const ages = (await scene.keys()).ages(scene.nowMs());
  const concerns = keyConcerns(ages, NOTICE_MS);
  const broken = concerns.filter(({ kind }) => kind !== 'runs_out_soon');
  if (broken.length > 0) return fail(broken.map(concernText).join('; '), ROTATE);
  const old = ages.filter((key) => key.signs && key.ageMs > AGE_MS_MAX);
  const told = [...concerns.map(concernText), ...old.map((key) => `${key.keyId} is ${days(key.ageMs)} days old`)];
  return told.length > 0
    ? warn(told.join('; '), ROTATE)
    : pass(
        ages
          .filter(({ signs }) => signs)
          .map(ageText)
          .join('; '),
      );
}

const ROTATE =
  'tamiyo keys rotate stages a new key; tamiyo keys rotate --help has the steps that refuse no good command.';

const days = (ms: number): number => Math.floor(ms / DAY_MS);
const ageText = (key: KeyAge): string =>
  `${key.keyId}: ${days(key.ageMs)} days old, ${days(key.expiresInMs)} days left`;

const CONCERNS: Readonly<Record<KeyConcern['kind'], string>> = {
  no_signing_key: 'no key can sign now',
  not_valid: 'is outside its dates',
  runs_out_soon: `ends within ${days(NOTICE_MS)} days and has no successor that signs`,
};
const concernText = ({ kind, keyId }: KeyConcern): string =>
  `${keyId === undefined ? '' : `${keyId} `}${CONCERNS[kind]}`;
