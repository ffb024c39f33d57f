import type { Deviation } from './outcome.ts';
import { REASONS } from './reasons.ts';

/** A share above which a deviation needs a reason of its own. */
export const SHARE_MAX = 0.2;

export interface Share {
  readonly file: string;
  readonly id: string;
  readonly share: number;
}

const INTRO = `# Deliberate differences from the prototype

Written by \`pnpm differential --vectors DIR --write-docs\` from the tables the packages export; the reasons in the last
section are written by hand in \`tools/differential/reasons.ts\`.

The recorded behaviour of the prototype is run as vectors. A case is *equal* when ours is what was recorded, *explained* when a
model computes our value from the input under the rules below and ours is exactly that, and *unexplained* otherwise, which
fails the run. Where a package keeps a model of the prototype, the recording must also be exactly what that model gives, so
that a changed recording is noticed in every field.

How the risk engine is compared: under its default configuration with the thresholds of the line, except that nothing is
required (the prototype requires nothing) and what goes beyond the prototype is off. Steps of sequences start from the recorded
state. While conservative mode is off, the reason the prototype still remembers of it is not compared with ours, which has none
(D-18c).
`;

const cell = (text = ''): string => text.replaceAll('|', '\\|');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function rules(deviations: readonly Deviation[]): string {
  const rows = deviations.map(
    ({ id, rule, why, recognisedBy }) => `| ${id} | ${cell(rule)} | ${cell(why)} | ${cell(recognisedBy)} |`,
  );
  return ['## Rules', '', '| id | rule | why | recognised by |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function shareTable(shares: readonly Share[]): string {
  const rows = shares.map(({ file, id, share }) => `| ${file} | ${id} | ${percent(share)} |`);
  return [
    '## How often each shows',
    '',
    'Share of the cases of a file in which the deviation shows, on the vectors the figures were taken with. A case can show several.',
    '',
    '| file | id | share |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The deviations that show in more than a fifth of some file. */
export const frequent = (shares: readonly Share[]): readonly string[] =>
  [...new Set(shares.filter(({ share }) => share > SHARE_MAX).map(({ id }) => id))].sort();

/** Those of them nobody has given a reason for. */
export const unreasoned = (shares: readonly Share[]): readonly string[] =>
  frequent(shares).filter((id) => REASONS[id] === undefined);

function reasons(shares: readonly Share[]): string {
  const rows = frequent(shares).map((id) => `- **${id}**: ${REASONS[id] ?? 'no reason written yet'}`);
  return ['## Why some show in more than a fifth of a file', '', ...rows, ''].join('\n');
}

/** `docs/deviations.md`. */
export function deviationsPage(deviations: readonly Deviation[], given: readonly Share[]): string {
  const shares = [...given].sort((a, b) => (`${a.file} ${a.id}` < `${b.file} ${b.id}` ? -1 : 1));
  return [INTRO, rules(deviations), shareTable(shares), reasons(shares)].join('\n');
}

/** The shares a page shows, so that it can be rendered again without the vectors. */
export const sharesOnPage = (page: string): readonly Share[] =>
  [...page.matchAll(/^\| ([\w-]+) \| ([\w-]+) \| ([\d.]+) % \|$/gm)].map((match) => ({
    file: match[1] ?? '',
    id: match[2] ?? '',
    share: Number(match[3]) / 100,
  }));
