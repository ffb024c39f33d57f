/** One mutant as the mutation-testing report format has it; lines and columns count from 1. */
export interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** A report: the sources as they were, and what became of each mutant. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>;
}

/** A change no test notices, named by what it changes and not by its line, so that it outlives edits elsewhere. */
export interface Survivor {
  readonly file: string;
  readonly mutator: string;
  readonly was: string;
  readonly became: string;
}

/** A survivor somebody has looked at. */
export interface ExplainedSurvivor extends Survivor {
  readonly reason: string;
}

export interface MutationSummary {
  /** Valid mutants: those that compile and run. */
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  /** Detected over valid, in percent, rounded down to two decimals. */
  readonly score: number;
  readonly survivors: readonly Survivor[];
}

const TEXT_MAX = 100;

const shortened = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, TEXT_MAX);

/** The text of a source between two places. */
export function textAt(source: string, { start, end }: ReportedMutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, index) => line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined))
    .join('\n');
}

/** Counts a report. Mutants without coverage count as survivors. */
export function summarise(report: MutationReport): MutationSummary {
  const counts = { killed: 0, timedOut: 0 };
  const survivors: Survivor[] = [];
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    for (const mutant of mutants) {
      if (mutant.status === 'Killed') counts.killed += 1;
      else if (mutant.status === 'Timeout') counts.timedOut += 1;
      else if (mutant.status === 'Survived' || mutant.status === 'NoCoverage') {
        const { mutatorName, replacement = '' } = mutant;
        const was = shortened(textAt(source, mutant.location));
        survivors.push({ file, mutator: mutatorName, was, became: shortened(replacement) });
      }
    }
  }
  const detected = counts.killed + counts.timedOut;
  const mutants = detected + survivors.length;
  const score = mutants === 0 ? 0 : Math.floor((detected / mutants) * 10_000) / 100;
  return { mutants, ...counts, survived: survivors.length, score, survivors };
}

const keyOf = ({ file, mutator, was, became }: Survivor): string => JSON.stringify([file, mutator, was, became]);

/** Survivors nobody has given a reason for, and reasons whose mutant no longer survives. */
export function compareReasons(
  survivors: readonly Survivor[],
  explained: readonly ExplainedSurvivor[],
): { readonly unexplained: readonly Survivor[]; readonly stale: readonly Survivor[] } {
  const known = new Set(explained.filter(({ reason }) => reason.trim() !== '').map(keyOf));
  const alive = new Set(survivors.map(keyOf));
  return {
    unexplained: survivors.filter((survivor) => !known.has(keyOf(survivor))),
    stale: explained.filter((survivor) => !alive.has(keyOf(survivor))),
  };
}

const cell = (text: string): string => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'") || ' '}\``;

/** The page of a package: its score and every survivor with the reason. */
export function mutationPage(
  summary: MutationSummary,
  explained: readonly ExplainedSurvivor[],
  facts: { readonly packageName: string; readonly mutate: readonly string[]; readonly day: string },
): string {
  const { mutants, killed, timedOut, survived, score } = summary;
  const reasons = new Map(explained.map((survivor) => [keyOf(survivor), survivor.reason]));
  const rows = summary.survivors.map(
    (survivor) =>
      `| ${survivor.file} | ${survivor.mutator} | ${cell(survivor.was)} | ${cell(survivor.became)} | ${reasons.get(keyOf(survivor)) ?? ''} |`,
  );
  return [
    '# Mutation testing\n',
    `Written by \`pnpm mutate ${facts.packageName} --write\` on ${facts.day}; the reasons stand in \`mutation.json\`.\n`,
    `Mutated: ${facts.mutate.map((pattern) => `\`${pattern}\``).join(', ')}. ${mutants} mutants: ${killed} killed, ${timedOut} timed out, ${survived} survived.`,
    `**Score ${score.toFixed(2)} %** (detected over all, those without coverage counted as survivors).\n`,
    '| file | mutator | was | became | why no test notices |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
