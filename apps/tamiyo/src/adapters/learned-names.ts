import type { TelemetryEvent } from '@esper/leyline';
import type { NewName, Vocabularies } from '@esper/policy';
import { type NameTableFolder, openNameTables } from '@esper/registry/node';
import type { NameTables } from '../stages/parts.js';

/** The durable name tables of a host, as decisions see them. A name has its index once it is on disk, not before. */
export class LearnedNames implements NameTables {
  readonly #folder: NameTableFolder;

  constructor(folder: NameTableFolder) {
    this.#folder = folder;
  }

  /** All seven tables, and where each lies: what a policy's digests are compared with. */
  get folder(): NameTableFolder {
    return this.#folder;
  }

  vocabularies(): Vocabularies {
    const { seed, blueprint, layer_type, activation_type } = this.#folder.tables();
    return {
      seed: seed.indexByName,
      blueprint: blueprint.indexByName,
      layer_type: layer_type.indexByName,
      activation_type: activation_type.indexByName,
    };
  }

  offer(names: readonly NewName[]): void {
    this.#folder.offer(names.map(({ vocabulary, name }) => ({ table: vocabulary, name })));
  }

  /** Saves what is pending and lets the folder go. */
  close(): Promise<void> {
    return this.#folder.close();
  }
}

/** Opens the tables of a folder for one host. `tell` hears of names that get no index, and of a disk that takes none. */
export async function openLearnedNames(folder: string, tell: (event: TelemetryEvent) => void): Promise<LearnedNames> {
  const tables = await openNameTables(folder, {
    onRefused: ({ table }, { code, message }) =>
      tell({ description: 'name_refused', level: 'WARNING', attributes: { table, code, message } }),
    onFailed: ({ code, message }) =>
      tell({ description: 'name_tables_failed', level: 'CRITICAL', attributes: { code, message } }),
  });
  return new LearnedNames(tables);
}
