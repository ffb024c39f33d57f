import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../cli/workspace.ts';
import { runGnnCases } from './gnn-cases.ts';
import type { Deviation, FolderRunner, LineRunner, VectorExports } from './outcome.ts';
import { priorityHealthDeviations, runPriorityHealth } from './priority-health.ts';
import { serviceDeviations } from './service/deviations.ts';
import { runServiceSequence } from './service-sequences.ts';

/** The packages whose `testing` entry may hold runners. To join: export `vectorRunners` or `folderRunners`, and `deviations`. */
const PACKAGES = [
  'risk-engine',
  'command-verifier',
  'telemetry',
  'wal',
  'field-reports',
  'registry',
  'policy',
] as const;

/** Every runner and every deviation of the workspace. */
export interface Runners {
  readonly lines: ReadonlyMap<string, LineRunner>;
  readonly folders: ReadonlyMap<string, FolderRunner>;
  readonly deviations: readonly Deviation[];
}

async function exportsOf(name: string): Promise<VectorExports> {
  const path = join(ROOT, 'packages', name, 'src', 'testing.ts');
  return existsSync(path) ? ((await import(pathToFileURL(path).href)) as VectorExports) : {};
}

const listOf = (given: NonNullable<VectorExports['deviations']>): readonly Deviation[] =>
  Array.isArray(given) ? given : Object.entries(given).map(([id, rule]) => ({ id, rule: String(rule) }));

/** Collects what the packages export. Throws when two packages claim one name or one id. */
export async function loadRunners(): Promise<Runners> {
  const all = await Promise.all(PACKAGES.map(exportsOf));
  const runners = {
    lines: unique([
      ['priority-health', runPriorityHealth] as const,
      ['service-sequences', runServiceSequence] as const,
      ...all.flatMap((from) => Object.entries(from.vectorRunners ?? {})),
    ]),
    folders: unique([
      ['gnn-cases', runGnnCases] as const,
      ...all.flatMap((from) => Object.entries(from.folderRunners ?? {})),
    ]),
    deviations: [
      ...all.flatMap((from) => listOf(from.deviations ?? [])),
      ...priorityHealthDeviations,
      ...serviceDeviations,
    ],
  };
  unique(runners.deviations.map((deviation) => [deviation.id, deviation] as const));
  return runners;
}

function unique<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const [name, value] of entries) {
    if (map.has(name)) throw new Error(`two packages export ${name}`);
    map.set(name, value);
  }
  return map;
}
