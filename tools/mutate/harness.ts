import { format } from 'node:util';
import { ChaiStyleAssertions, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';

/** The part of vitest's interface that tests use, without its workers: what runs a suite again and again in one process. */
type Body = () => unknown;
type RowBody = (...row: never[]) => unknown;

/** One test with the hooks that surround it. */
export interface CollectedTest {
  /** Stable over loads: the place in the order of collection, and the title. */
  readonly id: string;
  readonly title: string;
  readonly run: () => Promise<void>;
}

interface Scope {
  readonly titles: readonly string[];
  readonly before: Body[];
  readonly after: Body[];
  /** Run once, before the first test of the scope. */
  readonly once: Body[];
  readonly parent: Scope | null;
}

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers]) chai.use(plugin);

function makeExpect(): unknown {
  const expect = (value: unknown, message?: string) => chai.expect(value, message);
  return Object.assign(expect, chai.expect, { fail: (message?: string) => chai.assert.fail(message ?? 'failed') });
}

const scopesOf = (scope: Scope | null): readonly Scope[] => (scope === null ? [] : [...scopesOf(scope.parent), scope]);

async function runAll(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body();
}

/** Rows of a table as the lists of arguments they stand for. */
const argumentsOf = (row: unknown): readonly unknown[] => (Array.isArray(row) ? row : [row]);

/** Collects the tests a suite declares. `api` is what the suite gets for `vitest`. */
export class Collector {
  readonly tests: CollectedTest[] = [];
  readonly api: Readonly<Record<string, unknown>>;
  private scope: Scope = { titles: [], before: [], after: [], once: [], parent: null };

  constructor() {
    const it = this.declarer((title, body) => this.add(title, body));
    const describe = this.declarer((title, body) => this.enter(title, body));
    this.api = {
      it,
      test: it,
      describe,
      expect: makeExpect(),
      beforeEach: (body: Body) => this.scope.before.push(body),
      afterEach: (body: Body) => this.scope.after.push(body),
      beforeAll: (body: Body) => this.scope.once.push(body),
      // The process ends soon enough; what tests leave behind does not matter here.
      afterAll: () => undefined,
    };
  }

  private add(title: string, body: Body): void {
    const scopes = scopesOf(this.scope);
    const full = [...this.scope.titles, title].join(' > ');
    const run = async () => {
      for (const scope of scopes) await runAll(scope.once.splice(0));
      await runAll(scopes.flatMap(({ before }) => before));
      try {
        await body();
      } finally {
        await runAll(scopes.toReversed().flatMap(({ after }) => after));
      }
    };
    this.tests.push({ id: `${this.tests.length} ${full}`, title: full, run });
  }

  private enter(title: string, body: Body): void {
    const outer = this.scope;
    this.scope = { titles: [...outer.titles, title], before: [], after: [], once: [], parent: outer };
    try {
      body();
    } finally {
      this.scope = outer;
    }
  }

  /** `it` and `describe` with the forms that tests use: a table of rows, conditions, and options before or after the body. */
  private declarer(declare: (title: string, body: Body) => void): unknown {
    const plain = (title: string, ...rest: readonly unknown[]) => {
      const body = rest.find((part) => typeof part === 'function') as Body;
      declare(title, body);
    };
    const each =
      (rows: readonly unknown[]) =>
      (title: string, ...rest: readonly unknown[]) => {
        const body = rest.find((part) => typeof part === 'function') as RowBody;
        for (const row of rows) {
          const given = argumentsOf(row);
          declare(format(title, ...given), () => body(...(given as never[])));
        }
      };
    const skip = Object.assign(() => undefined, { each: () => () => undefined });
    const enabled = Object.assign(plain, { each });
    return Object.assign(enabled, {
      skip,
      todo: skip,
      skipIf: (condition: unknown) => (condition ? skip : enabled),
      runIf: (condition: unknown) => (condition ? enabled : skip),
    });
  }
}
