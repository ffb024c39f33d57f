/**
 * Writes vendor/cldr-names/names.tsv from the Unicode CLDR data inside Node's own ICU: the names of regions, languages,
 * scripts and currencies in ten languages. A name that is written the same in two of the languages is left out, because
 * it has no right answer. Run: node --import tsx apps/harness/scripts/make-cldr-names.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';

const LANGUAGES = ['cy', 'de', 'en', 'es', 'fi', 'hu', 'id', 'lv', 'pl', 'tr'] as const;
const SCRIPTS =
  'Arab Armn Beng Brai Cher Copt Cyrl Deva Ethi Geor Goth Grek Hans Hant Hebr Jpan Khmr Kore Laoo Latn Mong Mymr Runr Sinh Taml Telu Thai Tibt Zsym';
const target = new URL('../vendor/cldr-names/names.tsv', import.meta.url);

function* letterPairs(first: number): Generator<string> {
  for (let a = 0; a < 26; a += 1) for (let b = 0; b < 26; b += 1) yield String.fromCharCode(first + a, first + b);
}

const CODES = {
  region: [...letterPairs(65)],
  language: [...letterPairs(97)],
  script: SCRIPTS.split(' '),
  currency: Intl.supportedValuesOf('currency'),
} as const;

function namesIn(language: string): Set<string> {
  const names = new Set<string>();
  for (const type of Object.keys(CODES) as (keyof typeof CODES)[]) {
    const display = new Intl.DisplayNames([language], { type, fallback: 'none' });
    for (const code of CODES[type]) {
      const name = display.of(code)?.toLocaleLowerCase(language).normalize('NFC');
      if (name !== undefined && !/[\t\n]/.test(name)) names.add(name);
    }
  }
  return names;
}

const byLanguage = LANGUAGES.map((language) => ({ language, names: namesIn(language) }));
const uses = new Map<string, number>();
for (const { names } of byLanguage) for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
const lines = byLanguage.flatMap(({ language, names }) =>
  [...names]
    .filter((name) => uses.get(name) === 1)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => `${language}\t${name}`),
);
const text = `${lines.join('\n')}\n`;

if (process.argv.includes('--check')) {
  const same = readFileSync(target, 'utf8') === text;
  console.log(`${same ? 'equal' : 'different'}: CLDR ${process.versions['cldr']}, ${lines.length} names`);
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(target, text);
  console.log(`wrote ${lines.length} names from CLDR ${process.versions['cldr']} (ICU ${process.versions['icu']})`);
}
