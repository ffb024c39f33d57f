import type { VectorOutcome } from './outcome.ts';

/** The count of one file. `explained` counts each deviation of a case, so its sum may exceed the explained cases. */
export interface FileTally {
  readonly cases: number;
  readonly equal: number;
  readonly explainedCases: number;
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: number;
}

export interface Example {
  readonly file: string;
  /** Line number from 0, or `null` for a folder. */
  readonly line: number | null;
  readonly detail: string;
}

/** What the whole comparison prints. */
export interface Summary {
  readonly cases: number;
  readonly equal: number;
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: number;
  readonly examples: readonly Example[];
  readonly byFile: Readonly<Record<string, FileTally>>;
  /** Names that were not compared, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

const EXAMPLES_MAX = 20;
const DETAIL_CHARACTERS_MAX = 600;

/** Counts outcomes file by file. */
export class Tally {
  readonly #files = new Map<string, FileTally>();
  readonly #examples: Example[] = [];
  readonly #skipped = new Map<string, string>();

  skip(name: string, why: string): void {
    this.#skipped.set(name, why);
  }

  /** A file that was found, whether or not it holds a case. */
  open(file: string): void {
    this.#files.set(file, { cases: 0, equal: 0, explainedCases: 0, explained: {}, unexplained: 0 });
  }

  add(file: string, line: number | null, outcome: VectorOutcome): void {
    const before = this.#files.get(file);
    if (before === undefined) throw new Error(`outcome for ${file}, which was not opened`);
    const explained = { ...before.explained };
    const ids = outcome.kind === 'explained' ? outcome.deviation.split('+') : [];
    for (const id of ids) explained[id] = (explained[id] ?? 0) + 1;
    this.#files.set(file, {
      cases: before.cases + 1,
      equal: before.equal + Number(outcome.kind === 'equal'),
      explainedCases: before.explainedCases + Number(outcome.kind === 'explained'),
      explained,
      unexplained: before.unexplained + Number(outcome.kind === 'unexplained'),
    });
    if (outcome.kind === 'unexplained' && this.#examples.length < EXAMPLES_MAX) {
      this.#examples.push({ file, line, detail: outcome.detail.slice(0, DETAIL_CHARACTERS_MAX) });
    }
  }

  summary(): Summary {
    const files = [...this.#files.values()];
    const total = (of: (tally: FileTally) => number): number => files.reduce((sum, tally) => sum + of(tally), 0);
    const explained: Record<string, number> = {};
    for (const tally of files) {
      for (const [id, count] of Object.entries(tally.explained)) explained[id] = (explained[id] ?? 0) + count;
    }
    return {
      cases: total((tally) => tally.cases),
      equal: total((tally) => tally.equal),
      explained: Object.fromEntries(Object.entries(explained).sort(([a], [b]) => (a < b ? -1 : 1))),
      unexplained: total((tally) => tally.unexplained),
      examples: this.#examples,
      byFile: Object.fromEntries(this.#files),
      skipped: Object.fromEntries(this.#skipped),
    };
  }
}

/** How often each deviation shows in each file, as a share of its cases. */
export const sharesOf = (
  summary: Summary,
): readonly { readonly file: string; readonly id: string; readonly share: number }[] =>
  Object.entries(summary.byFile).flatMap(([file, tally]) =>
    Object.entries(tally.explained)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, count]) => ({ file, id, share: count / tally.cases })),
  );
